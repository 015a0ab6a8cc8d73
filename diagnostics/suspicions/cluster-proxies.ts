import type { Scene } from '../scene.ts';
import { lostOnTheWay, reportedLost } from './lost.ts';
import { appTrouble, comesAndGoes, failingBy, host, proxyName, type Rule, suspect } from './suspicion.ts';

/** Causes in a proxy of a cluster that its pods and its controller's own events tell of. */

/** The application fails by itself: then what its proxy's pods do is not what it is about. */
const appFails = (scene: Scene): boolean => appTrouble(scene) || scene.has('ERRORS_MADE_UPSTREAM');
/** Ended this often, it is a habit: one restart convicts nobody. */
const OFTEN = 3;

/** Pods that crash, are killed for memory or by their own probes, or none that is ready. */
export const podsRestart: Rule = (scene) => {
  const codes = ['PROXY_POD_CRASH_LOOPS', 'PROXY_POD_OUT_OF_MEMORY', 'PROXY_POD_KILLED_BY_PROBE', 'NO_PROXY_POD_READY'];
  const onPath = new Set(scene.path.hops.filter((h) => h.hop === 'proxy').map((h) => h.name));
  const found = codes
    .flatMap((code) => scene.all(code))
    .filter((f) => f.direction === 'implicates' && onPath.has(f.about.hop));
  const first = found[0];
  const explains = lostOnTheWay(scene);
  if (!first || !scene.reported('reset', 'timeout', 'errors-5xx', 'disconnects', 'handshake', 'unspecified'))
    return null;
  if (appFails(scene) || !reportedLost(scene) || (explains === 0 && !comesAndGoes(scene))) return null;
  // Other replicas serve on: one that loops by itself is what some meet, never what all do.
  const none = scene.has('NO_PROXY_POD_READY');
  if (explains > 0.95 && !none) return null;
  // Pods that are back and answer do not explain what fails now, whatever befell them before.
  const out = none || scene.has('PROXY_POD_CRASH_LOOPS') || scene.has('PROXY_POD_NOT_READY');
  if (explains > 0 && !out && !scene.replicas.some((m) => m.ok < m.total)) return null;
  const habit =
    none || found.some((f) => f.code === 'PROXY_POD_CRASH_LOOPS' || Number(f.facts.restarts ?? f.facts.count) >= OFTEN);
  // A node that was lost in the same time would explain as much: then neither is sure.
  const rival = scene.all('NODE_LOST_IS_A_HOP').some((f) => f.facts.within === true);
  const does: { [code: string]: string } = {
    PROXY_POD_CRASH_LOOPS: 'crash over and over',
    PROXY_POD_OUT_OF_MEMORY: 'are killed for memory',
    PROXY_POD_KILLED_BY_PROBE: 'are killed since their probe fails',
  };
  return suspect('proxy-restarting', found, explains > 0 ? (none ? 0.95 : 0.9) : habit && !rival ? 0.8 : 0.72, {
    explains,
    fits: true,
    sentence:
      does[first.code] === undefined
        ? `no pod of ${proxyName(scene)} is ready, and requests for ${host(scene)} find nobody`
        : `pods of ${proxyName(scene)} ${does[first.code]}, and requests for ${host(scene)} that are sent to them find nobody`,
  });
};

/** The same as reload-storm, told by the controller's own events. */
export const reloadsTold: Rule = (scene) => {
  const found = scene.all('RELOADS_TOLD_OFTEN');
  const first = found[0];
  const cut = scene.reported('disconnects', 'reset');
  if (!first || scene.has('RELOAD_STORM')) return null;
  if (!cut && !(scene.case.symptoms.course === 'intermittent' && scene.reported('slow'))) return null;
  if (appFails(scene)) return null;
  return suspect('reload-storm', found, cut ? 0.88 : 0.76, {
    explains: failingBy(scene, (f) => f.error === 'RESET' || f.error === 'CLOSED'),
    fits: true,
    sentence: `${proxyName(scene, first)} reloads over and over (${first.facts.count} times in ${first.facts.minutes} min) and breaks long-lived connections to ${host(scene)} each time`,
  });
};
