import { writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { SCENES } from '../../kubernetes/service-scenes.ts';
import { FRONT, HOST, serveObjects, smallCluster } from '../../kubernetes/small-cluster.ts';

/**
 * `scene.ts NAME [KIND]…`: the world of a scene with real servers, in which these kinds may not be read, until SIGTERM; writes ./kubeconfig, ./inventory.yaml and ./env
 * (LB: the port at which the host is asked for), then prints `ready`.
 */
const scene = SCENES.find(({ name }) => name === process.argv[2]);
if (!scene) throw new Error(`no scene ${process.argv[2]}`);
const ends: (() => unknown)[] = [];
// Of a test's context a world only uses `after`.
const t = { after: (end: () => unknown) => void ends.push(end) } as unknown as TestContext;
const close = async (): Promise<void> => {
  for (const end of ends.reverse()) await end();
  process.exit(0);
};
process.once('SIGTERM', () => void close());

const world = await smallCluster(t, scene.nginx);
scene.make(world);
writeFileSync('kubeconfig', (await serveObjects(t, world.lists, process.argv.slice(3))).kubeconfig('prod'));
writeFileSync('env', `LB=${world.ports.web}\nA=${world.ports.app}\n`);
writeFileSync(
  'inventory.yaml',
  `version: 1
kubernetes: { kubeconfig: ./kubeconfig, context: prod }
allow: ["*.example.test", 127.0.0.0/8]
dns: { ${HOST}: [${FRONT}] }
hops:
  public: { hop: load-balancer, kind: aws-nlb, scheme: http, address: "${FRONT}:${world.ports.web}", to: http }
`,
);
console.log('ready');
