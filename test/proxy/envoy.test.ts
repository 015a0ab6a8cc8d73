import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Hop, Verdict } from '../../diagnostics/types.ts';
import type { RunningEnvoy } from '../../proxy/lab/envoy.ts';
import { freePorts, scratch, startHaproxy } from '../diagnostics/real-servers.ts';
import { application, ask, certificateIn, envoy, triage, WITHOUT_ENVOY } from './envoy-world.ts';

interface World {
  inventory: string;
  running: RunningEnvoy;
  web: number;
  /** Hosts with their reports, and what the answer has to be. */
  cases: { host: string; says: string; answer: string; hop: Hop | 'none'; cause: string | null; codes: string[] }[];
}

const CASES: World['cases'] = [
  ['well', 'is down, 503', 'not-ingress', 'none', 'no-fault-found', ['ROUTE_FOUND', 'TLS_ACCEPTED']],
  ['nobody', 'gives 503', 'not-ingress', 'service', 'service-no-endpoints', ['PROXY_HAS_NO_BACKEND']],
  ['dead', 'gives 503', 'not-ingress', 'app', 'app-down', ['ENDPOINT_REFUSES', 'PROXY_GATEWAY_ERROR']],
  ['hangs-up', 'gives 503', 'not-ingress', 'app', 'app-down', ['ENDPOINT_CLOSES', 'PROXY_GATEWAY_ERROR']],
  ['errors', 'gives 503, is it envoy?', 'not-ingress', 'app', 'app-errors', ['ERRORS_MADE_UPSTREAM']],
  ['busy', 'gives 503', 'ingress', 'proxy', 'proxy-overloaded', ['PROXY_OVERFLOWS']],
  ['slow', 'gives 504 gateway timeout', 'ingress', 'proxy', 'proxy-timeout-too-short', ['PROXY_GATEWAY_ERROR']],
  ['unknown', 'gives 404', 'ingress', 'proxy', 'route-missing', ['ROUTE_MISSING', 'ROUTE_NOT_FOUND']],
  ['lost', 'gives 503', 'ingress', 'proxy', 'route-missing', ['ROUTE_OUT_OF_SERVICE']],
  [
    'stray',
    'handshake fails since today',
    'ingress',
    'proxy',
    'proxy-protocol-unexpected',
    ['PROXY_HEADER_UNEXPECTED'],
  ],
  ['noheader', 'connection reset', 'ingress', 'proxy', 'proxy-protocol-missing', ['PROXY_HEADER_MISSING']],
].map(
  ([host, says, answer, hop, cause, codes]) => ({ host, says, answer, hop, cause, codes }) as World['cases'][number],
);

async function world(t: TestContext): Promise<World> {
  const dir = scratch(t);
  const p = await freePorts(t, 'admin', 'web', 'tls', 'pp', 'closed', 'lb', 'lbpp');
  const certificate = certificateIn(dir);
  const [well, errors, hangs, slow] = (await Promise.all(
    (['well', 'errors', 'hangs-up', 'slow'] as const).map((manner) => application(t, manner)),
  )) as [number, number, number, number];
  const endpoints: { [host: string]: number[] } = {
    well: [well],
    nobody: [],
    dead: [p.closed],
    'hangs-up': [hangs],
    errors: [errors],
    busy: [well],
    slow: [slow],
    unknown: [well],
    lost: [well],
    stray: [well],
    noheader: [well],
  };
  const served = Object.keys(endpoints).filter((name) => name !== 'unknown');
  const running = await envoy(t, join(dir, 'envoy'), {
    admin: p.admin,
    log: join(dir, 'access.json'),
    listeners: [
      { name: 'web', port: p.web },
      { name: 'tls', port: p.tls, certificate },
      { name: 'pp', port: p.pp, certificate, proxyHeader: 'required' },
    ],
    clusters: Object.fromEntries(
      served
        .filter((name) => name !== 'lost')
        // No request may wait for a connection: whoever finds none free is turned away.
        .map((name) => [
          name,
          { endpoints: endpoints[name] ?? [], ...(name === 'busy' && { breaker: { pending: 0 } }) },
        ]),
    ),
    sites: served.map((name) => ({
      name,
      domains: [`${name}.example.test`],
      ...(name === 'slow' && { routes: [{ timeoutMs: 300 }] }),
    })),
  });
  const pass = (name: string, port: number, to: number, more: string): string =>
    `listen ${name}\n mode tcp\n bind 127.0.0.1:${port}\n server envoy 127.0.0.1:${to} ${more}\n`;
  await startHaproxy(
    t,
    dir,
    [p.lb, p.lbpp],
    pass('plain', p.lb, p.pp, '') + pass('pp', p.lbpp, p.tls, 'send-proxy-v2'),
  );
  const via = (name: string): string =>
    name === 'stray' ? 'lbpp, envoy' : name === 'noheader' ? 'lb, envoypp' : 'envoy';
  const hop = (port: number, expects: string): string =>
    `{ hop: proxy, kind: envoy, scheme: https, address: "127.0.0.1:${port}", expects: ${expects}, instances: [ { name: envoy-0, https: "127.0.0.1:${port}", http: "127.0.0.1:${p.web}", admin: "http://127.0.0.1:${p.admin}", accessLog: access.json } ] }`;
  const balancer = (port: number, sends: string): string =>
    `{ hop: load-balancer, kind: aws-nlb, scheme: tcp, address: "127.0.0.1:${port}", sends: ${sends} }`;
  const inventory = join(dir, 'inventory.yaml');
  writeFileSync(
    inventory,
    `version: 1
allow: ["*.example.test", 127.0.0.0/8]
trust: [root.pem]
routes:
${Object.keys(endpoints)
  .map((name) => `  - { host: ${name}.example.test, via: [${via(name)}, ${name}] }`)
  .join('\n')}
hops:
  lb: ${balancer(p.lb, 'none')}
  lbpp: ${balancer(p.lbpp, 'proxy-v2')}
  envoy: ${hop(p.tls, 'none')}
  envoypp: ${hop(p.pp, 'proxy-v2')}
${Object.entries(endpoints)
  .map(
    ([name, all]) =>
      `  ${name}: { hop: service, endpoints: [${all.map((port) => `{ address: "127.0.0.1:${port}" }`).join(', ')}] }`,
  )
  .join('\n')}
`,
  );
  return { inventory, running, web: p.web, cases: CASES };
}

test('a triage of a real Envoy, fault by fault', { skip: WITHOUT_ENVOY }, async (t) => {
  const { inventory, running, web, cases } = await world(t);
  for (let i = 0; i < 3; i++) for (const { host } of cases) await ask(web, `${host}.example.test`);
  await running.flush();
  // Few at a time: all at once would make slow what is not.
  const verdicts: { one: (typeof cases)[number]; verdict: Verdict }[] = [];
  const waiting = [...cases];
  const worker = async (): Promise<void> => {
    for (let one = waiting.shift(); one; one = waiting.shift())
      verdicts.push({ one, verdict: (await triage(inventory, `${one.host}.example.test ${one.says}`)).verdict });
  };
  await Promise.all([worker(), worker(), worker()]);
  for (const { one, verdict } of verdicts) {
    await t.test(`${one.host}: ${one.cause}`, () => {
      const found = verdict.findings.map((f) => f.code);
      const said = `${verdict.headline} ${found.join(' ')}`;
      assert.deepEqual([verdict.answer, verdict.hop, verdict.cause], [one.answer, one.hop, one.cause], said);
      for (const code of one.codes) assert.ok(found.includes(code), `${code} is not among ${found.join(' ')}`);
    });
  }
});
