import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { triesTheRightOnes } from './no-connection.ts';
import {
  appTrouble,
  byCertificate,
  byStatus,
  endpointsFail,
  endpointsFine,
  failingBy,
  host,
  proxyName,
  type Rule,
  suspect,
  text,
} from './suspicion.ts';

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

/** What only an older configuration does: old endpoints, missing routes, an old certificate. */
const OLDER = ['UPSTREAM_NOT_AN_ENDPOINT', 'ROUTE_NOT_FOUND', 'CERTIFICATE_EXPIRED'];
/** What it does as well, and much else. */
const PERHAPS_OLDER = ['PROXY_GATEWAY_ERROR', 'ERRORS_MADE_BY_PROXY'];
/** Findings that show an older configuration being served, and whether nothing else would make them. */
function servedOlder(scene: Scene): { shown: Finding[]; certain: boolean } {
  const shown = OLDER.flatMap((code) => scene.all(code));
  // Where nobody counted what went to old addresses, the log names them.
  const older = shown.length > 0 ? shown : scene.all('STALE_UPSTREAM_LOGGED');
  if (endpointsFail(scene) && !scene.has('UPSTREAM_NOT_AN_ENDPOINT')) return { shown: [], certain: false };
  const perhaps = triesTheRightOnes(scene) ? [] : PERHAPS_OLDER.flatMap((code) => scene.all(code));
  // An error of the proxy's while the endpoints are well and quick: it looks for them elsewhere.
  const certain = older.length > 0 || ((scene.failing ?? 0) > 0 && endpointsFine(scene) && !appTrouble(scene));
  return { shown: [...older, ...perhaps], certain };
}

/** The last configuration was refused, by the proxy's own log or its controller's events: what an older one does must show. */
function olderServed(scene: Scene, told: Finding[], strength: number, refused: string): ReturnType<Rule> {
  const { shown, certain } = servedOlder(scene);
  const [first] = told;
  if (!first || shown.length === 0) return null;
  return suspect('reload-failed', [...told, ...shown], certain ? strength : 0.6, {
    explains: Math.max(byStatus(scene, 404, 502, 503, 504), byCertificate(scene)),
    fits: scene.reported('errors-5xx', 'not-found', 'unspecified', 'timeout', 'wrong-content', 'certificate'),
    sentence: `${proxyName(scene, first)} ${refused} and still serves an older one to ${host(scene)}`,
  });
}

export const reloadFailed: Rule = (scene) => {
  const told = scene.all('RELOAD_REFUSED');
  const where = text(told[0]?.facts.where).split('/').at(-1);
  return olderServed(scene, told, 0.97, `refused its last configuration${where ? ` (${where})` : ''}`);
};

/** The same, told by the controller's own events. */
export const reloadErrorTold: Rule = (scene) =>
  scene.has('RELOAD_REFUSED')
    ? null
    : olderServed(scene, scene.all('RELOAD_ERROR_TOLD'), 0.95, 'could not load its last configuration');

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
