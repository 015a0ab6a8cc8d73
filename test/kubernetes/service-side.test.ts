import assert from 'node:assert/strict';
import { test } from 'node:test';
import { essence, REPORT, SCENES } from './service-scenes.ts';
import { smallCluster, triage } from './small-cluster.ts';

/** Whole cases at a stand-in API server with a real nginx and a real application behind its objects. */

for (const { name, nginx, make, report, expect, because } of SCENES)
  test(`a case in a cluster: ${name}`, async (t) => {
    const world = await smallCluster(t, nginx);
    make(world);
    const verdict = await triage(t, world, report ?? REPORT);
    assert.deepEqual(essence(verdict), expect, verdict.headline);
    for (const code of because) assert.ok(verdict.because.includes(code), `${code}: ${verdict.because}`);
    assert.ok(verdict.confidence >= 0.75, String(verdict.confidence));
  });

/** The right that is missing, and the answers that are then honest. */
const CUT: [scene: string, without: string, answers: string[]][] = [
  ['a selector that matches nothing', 'pods', ['not-ingress']],
  ['a selector that matches nothing', 'endpointslices', ['inconclusive']],
  ['a probe that fails', 'endpointslices', ['not-ingress']],
  ['a crash loop', 'pods', ['not-ingress']],
  ['a Service that does not exist', 'services', ['inconclusive']],
  ['a policy that bars the proxy', 'networkpolicies', ['inconclusive']],
  ['a policy that bars the proxy', 'pods', ['inconclusive']],
  ['a class that nobody serves', 'ingressclasses', ['inconclusive']],
  ['a class that nobody serves, and a route that takes any host', 'ingresses', ['inconclusive']],
  ['a class that nobody serves, and a route that takes any host', 'deployments', ['ingress']],
  ['nothing: all is well', 'networkpolicies', ['not-ingress']],
];

for (const [name, without, answers] of CUT)
  test(`a case in a cluster without the right to read ${without}: ${name}`, async (t) => {
    const scene = SCENES.find((one) => one.name === name);
    assert.ok(scene);
    const world = await smallCluster(t, scene.nginx);
    scene.make(world);
    const verdict = await triage(t, world, scene.report ?? REPORT, [without]);
    assert.ok(answers.includes(verdict.answer), verdict.headline);
    const named = verdict.blind.filter((one) => one.reason === 'denied').map((one) => one.detail);
    assert.ok(
      named.some((detail) => detail.includes(without)),
      `${named}`,
    );
  });
