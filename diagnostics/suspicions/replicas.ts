import type { Scene } from '../scene.ts';
import { endpointsFine, host, proxyName, type Rule, suspect } from './suspicion.ts';

/** Were this many requests answered by luck, if so large a share of them went to bad replicas? Seldomer than this it was none. */
const BY_LUCK = 0.05;

/** A balancer that sends users to bad replicas would have shown it: all users' requests are answered. */
function nobodyIsSent(scene: Scene, share: number): boolean {
  const asked = scene.front.filter((m) => !scene.replicas.includes(m)).reduce((sum, m) => sum + m.total, 0);
  return scene.failing === 0 && asked > 0 && (1 - share) ** asked < BY_LUCK;
}

export const replicaBad: Rule = (scene) => {
  const bad = scene.replicas.filter((m) => m.ok < m.total);
  const good = scene.replicas.filter((m) => m.ok === m.total && m.total > 0);
  if (bad.length === 0 || good.length === 0 || !endpointsFine(scene)) return null;
  const spared = nobodyIsSent(scene, bad.length / scene.replicas.length);
  // What lasts must show where users come in; what comes and goes may have been sent there before.
  if (spared && scene.case.symptoms.course === 'steady') return null;
  const because = scene.all('REQUEST_FAILED').filter((f) => f.hop === 'proxy');
  const names = bad.map((m) => m.part ?? m.address);
  return suspect('proxy-replica-bad', because, spared ? 0.8 : 0.9, {
    explains: scene.failing ?? 0,
    fits: true,
    sentence: `${names.join(', ')} ${names.length === 1 ? 'fails' : 'fail'} for ${host(scene)} (${bad[0]?.failures[0]?.how}), while ${good.map((m) => m.part ?? m.address).join(', ')} ${good.length === 1 ? 'answers' : 'answer'}`,
  });
};

export const proxyDown: Rule = (scene) => {
  const refusing = scene.replicas.filter((m) => m.failures.some((f) => f.error === 'ECONNREFUSED'));
  if (refusing.length === 0 || refusing.length < scene.replicas.length) return null;
  return suspect(
    'proxy-restarting',
    scene.all('REQUEST_FAILED').filter((f) => f.hop === 'proxy'),
    0.85,
    {
      explains: scene.failing ?? 1,
      fits: true,
      sentence: `no replica of ${proxyName(scene)} takes connections`,
    },
  );
};
