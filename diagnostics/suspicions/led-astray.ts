import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { proxyName, type Rule, serviceName, suspect, text } from './suspicion.ts';

/** A reload takes effect at once; clocks and logs know whole seconds, and feeds of changes note when a job began or ended, ms. */
const NEAR_MS = 120_000;

/** What changed the proxy itself when requests began to go astray, or when that ended. */
function changedThen(scene: Scene, strayed: Finding): Finding[] | null {
  const edges = [text(strayed.facts.first), text(strayed.facts.last)].map((at) => Date.parse(at));
  const near = (at: string): boolean => edges.some((edge) => Math.abs(Date.parse(at) - edge) <= NEAR_MS);
  const reloads = scene
    .all('RELOADED_RECENTLY')
    .filter((f) => f.about.hop === strayed.about.hop && near(text(f.facts.at)));
  const told = scene.changes.some((change) => change.object === strayed.about.hop && near(change.at));
  return reloads.length || told ? reloads : null;
}

/**
 * A proxy that was changed sent every request to an address where nobody listened, though the endpoints answered before and
 * after: its configuration led there, and they were never down. One that follows a list of endpoints by itself is another matter:
 * what a deploy puts on that list is the deploy's; so a change of the proxy must stand beside it.
 */
export const ledAstray: Rule = (scene) => {
  if (!scene.reported('errors-5xx', 'timeout', 'unspecified', 'reset')) return null;
  const refused = scene.all('UPSTREAM_REFUSED_PROXY');
  for (const strayed of scene.all('FORMER_ENDPOINT_FAILED')) {
    const { address } = strayed.facts;
    const nobody = refused.filter((f) => f.about.hop === strayed.about.hop && f.facts.upstream === address);
    const changed = changedThen(scene, strayed);
    if (strayed.facts.astray !== 'yes' || nobody.length === 0 || !changed) continue;
    return suspect('stale-endpoints', [strayed, ...nobody, ...changed], 0.88, {
      fits: true,
      sentence: `${proxyName(scene, strayed)} sent every request for ${serviceName(scene)} to ${text(address)} for a while, where nobody listens; its endpoints answered before and after`,
      next: strayed.next,
    });
  }
  return null;
};
