import { byCertificate, byStatus, failingBy, host, proxyName, type Rule, suspect, text } from './suspicion.ts';

/** Long-lived connections end when the workers that hold them do: a reload's known effect, if that is what was reported. */
export const reloadDisconnects: Rule = (scene) => {
  // HAProxy begins a new process for a reload too, and mostly does not tell which it was.
  const found = [
    ...scene.all('RELOADED_RECENTLY'),
    ...scene.all('PROCESS_STARTED_RECENTLY').filter((f) => f.facts.either === true),
  ];
  if (found.length === 0 || !scene.reported('disconnects')) return null;
  // nginx without a bound on old workers lets every connection live as long as it likes (lab.md 5): a reload cuts none.
  const unbounded = new Set(scene.all('NOTE_OLD_WORKERS_UNBOUNDED').map((f) => f.about.hop));
  const cutting = found.filter((f) => !unbounded.has(f.about.hop));
  if (cutting.length === 0) return null;
  // The application was changed at the time too: then its own leaving cuts connections as well.
  const service = scene.path.hops.find((h) => h.hop === 'service' || h.hop === 'app')?.name;
  const deployed = scene.changes.some((change) => change.object === service);
  return suspect('reload-disconnects', cutting, deployed ? 0.6 : 0.8, {
    fits: true,
    sentence: `${proxyName(scene, found[0])} ${found[0]?.code === 'RELOADED_RECENTLY' ? 'was reloaded' : 'began a new process'} in the time in question, which cuts long-lived connections to ${host(scene)}`,
    next: 'See what made it reload, and give old workers more time to end (nginx: worker_shutdown_timeout, HAProxy: hard-stop-after).',
  });
};

export const reloadFailed: Rule = (scene) => {
  const found = scene.all('RELOAD_REFUSED');
  const first = found[0];
  if (!first) return null;
  // A refused file explains what an older configuration would do: old endpoints, missing routes, old certificates.
  const stale =
    scene.has('UPSTREAM_NOT_AN_ENDPOINT') ||
    scene.has('ROUTE_NOT_FOUND') ||
    scene.has('PROXY_GATEWAY_ERROR') ||
    scene.has('CERTIFICATE_EXPIRED') ||
    scene.has('ERRORS_MADE_BY_PROXY');
  const appFails = scene.endpoints.some((e) => e.reached && e.failing > 0);
  if (!stale || (appFails && !scene.has('UPSTREAM_NOT_AN_ENDPOINT'))) return null;
  const explains = Math.max(byStatus(scene, 404, 502, 503, 504), byCertificate(scene));
  const where = text(first.facts.where);
  return suspect(
    'reload-failed',
    [
      ...found,
      ...scene.all('UPSTREAM_NOT_AN_ENDPOINT'),
      ...scene.all('PROXY_GATEWAY_ERROR'),
      ...scene.all('ROUTE_NOT_FOUND'),
    ],
    0.97,
    {
      explains,
      fits: scene.reported('errors-5xx', 'not-found', 'unspecified', 'timeout', 'wrong-content'),
      sentence: `${proxyName(scene, first)} refused its last configuration${where ? ` (${where.split('/').at(-1)})` : ''} and still serves an older one to ${host(scene)}`,
    },
  );
};

export const reloadStorm: Rule = (scene) => {
  const found = scene.all('RELOAD_STORM');
  if (found.length === 0) return null;
  const fits =
    scene.reported('disconnects', 'reset', 'slow') ||
    (scene.case.symptoms.course === 'intermittent' && scene.reported('unspecified', 'timeout', 'errors-5xx'));
  if (!fits) return null;
  return suspect('reload-storm', found, scene.reported('disconnects', 'reset') ? 0.93 : 0.8, {
    explains: failingBy(scene, (f) => f.error === 'RESET' || f.error === 'CLOSED'),
    fits,
    sentence: `${proxyName(scene, found[0])} reloads over and over (${found[0]?.facts.count} times in ${found[0]?.facts.minutes} min) and breaks connections to ${host(scene)} each time`,
  });
};
