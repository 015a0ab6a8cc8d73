import { endpointsFine, host, proxyName, type Rule, suspect } from './suspicion.ts';

export const replicaBad: Rule = (scene) => {
  const bad = scene.replicas.filter((m) => m.ok < m.total);
  const good = scene.replicas.filter((m) => m.ok === m.total && m.total > 0);
  if (bad.length === 0 || good.length === 0 || !endpointsFine(scene)) return null;
  const because = scene.all('REQUEST_FAILED').filter((f) => f.hop === 'proxy');
  const names = bad.map((m) => m.part ?? m.address);
  return suspect('proxy-replica-bad', because, 0.9, {
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
