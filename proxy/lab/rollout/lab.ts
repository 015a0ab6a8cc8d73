import { mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries } from '../binaries.ts';
import { writeCertificates } from '../certificates.ts';
import { findEnvoy } from '../envoy.ts';
import type { MoreInventory } from '../inventory-file.ts';
import { LabError } from '../lab-error.ts';
import { claimPorts } from '../ports.ts';
import { openGuard, type ProcessGuard } from '../process-guard.ts';
import { mustRun } from '../server-process.ts';
import { until } from '../until.ts';
import { requestAsUser, type UserRequest, type UserSaw } from '../user-request.ts';
import type { Message, Order, Reply } from './protocol.ts';
import type { ScenarioName } from './scenarios.ts';
import { type SidePlan, sideConfig, splitterConfig } from './side-config.ts';

/**
 * Who comes while a rollout of the lab lasts: 450 requests a second on 150 connections, some of them old clients. A tenth of
 * that is what the judge needs to tell half a percentage point of failed handshakes in two minutes.
 */
const PEOPLE = { perSecond: 150, oldClients: 0.03 };
const HOST = 'checkout.example.test';
const ENDPOINTS = 4;

/** A balancer, an old and a new proxy, an application and its people: real processes on loopback. */
export interface RolloutLab {
  scenario: ScenarioName;
  host: string;
  /** Keys of the inventory: the hop of both sides, and the names of their instances. */
  hop: string;
  old: string;
  fresh: string;
  /** What belongs into an inventory file: see InventoryNotes. */
  inventory: MoreInventory;
  /** What a person does with the weights: this part of new connections goes to the new side from now on. */
  share(part: number): Promise<void>;
  /** The application's own fault, whichever side asks. */
  breakApp(on: boolean): Promise<void>;
  asUser(request?: UserRequest): Promise<UserSaw>;
  /** Ends every process. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts the lab of a rollout. Resolves when users get answers through the old side and the new one serves.
 * @throws LabError with `missing` where Envoy or HAProxy is not here
 */
export async function startRolloutLab(scenario: ScenarioName, { traffic = true } = {}): Promise<RolloutLab> {
  const { haproxy } = findBinaries();
  const envoy = findEnvoy();
  if (!envoy) throw new LabError('Envoy is not here (./dev demo --rollout brings it)', { missing: 'envoy' });
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'iti-roll-')));
  const claim = await claimPorts();
  const guard = openGuard(dir, 'remove');
  let closing: Promise<void> | undefined;
  const stop = () => (closing ??= guard.close().then(claim.release));
  try {
    return await build(scenario, { haproxy, envoy }, dir, claim.next, guard, traffic, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(
  scenario: ScenarioName,
  binaries: { haproxy: string; envoy: string },
  dir: string,
  next: () => number,
  guard: ProcessGuard,
  traffic: boolean,
  stop: () => Promise<void>,
): Promise<RolloutLab> {
  const ports = { split: next(), old: next(), fresh: next(), gate: next(), oldAdmin: next(), freshAdmin: next() };
  const endpoints = Array.from({ length: ENDPOINTS }, (_, i) => ({ name: `checkout-${'abcd'[i]}`, port: next() }));
  const certificates = await writeCertificates(join(dir, 'ca'), [HOST], [HOST]);
  const certificate = certificates.own[HOST];
  if (!certificate) throw new LabError(`no certificate for ${HOST}`);
  const tell = outside(guard, dir);
  await tell({ do: 'open', endpoints });

  const side = (which: SidePlan['side']): SidePlan => ({
    side: which,
    https: which === 'old' ? ports.old : ports.fresh,
    admin: which === 'old' ? ports.oldAdmin : ports.freshAdmin,
    host: HOST,
    certificate,
    tls: which === 'new' && scenario === 'lost-clients' ? 'strict' : 'compatible',
    endpoints: endpoints.map(({ port }, i) => ({
      port,
      weight: which === 'new' && scenario === 'unbalanced' && i === 0 ? 27 : 1,
    })),
  });
  const children = (['old', 'new'] as const).map((which) => {
    const home = join(dir, which);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'envoy.json'), JSON.stringify(sideConfig(side(which)), null, 1));
    const args = ['-c', 'envoy.json', '--concurrency', '1', '--disable-hot-restart', '--log-level', 'warn'];
    return guard.start(`edge-${which}`, binaries.envoy, args, { cwd: home, log: join(home, 'envoy.log') });
  });
  // The gate is the only way to the new side where it resets; elsewhere nothing stands in between.
  const entry = scenario === 'resets' ? ports.gate : ports.fresh;
  if (scenario === 'resets') await tell({ do: 'gate', port: ports.gate, to: ports.fresh, resetShare: 0.01 });
  if (scenario === 'slow-p99') await tell({ do: 'behave', behaviour: { slowShare: 0.04, slowMs: 300 } });
  const socket = join(dir, 'split', 'admin.sock');
  mkdirSync(join(dir, 'split'), { recursive: true });
  const config = join(dir, 'split', 'haproxy.cfg');
  writeFileSync(config, splitterConfig({ https: ports.split, old: ports.old, fresh: entry }, socket));
  const split = guard.start('split', binaries.haproxy, ['-f', config], {
    cwd: join(dir, 'split'),
    log: join(dir, 'split', 'haproxy.log'),
  });

  const root = certificates.root;
  const ca = readFileSync(root, 'utf8');
  const ask = (port: number) => (request?: UserRequest) => requestAsUser(HOST, port, ca, request);
  await until(
    'both sides answer',
    async () => {
      for (const [i, child] of children.entries())
        mustRun(`edge-${i === 0 ? 'old' : 'new'}`, child, [join(dir, i === 0 ? 'old' : 'new', 'envoy.log')]);
      mustRun('split', split, [join(dir, 'split', 'haproxy.log')]);
      const all = await Promise.all([ask(ports.split)(), ask(ports.fresh)()]);
      return all.every(({ status }) => status === 200) && (await isReady(ports.oldAdmin)) && isReady(ports.freshAdmin);
    },
    { withinMs: 20_000, everyMs: 100 },
  );
  const people = { host: HOST, port: ports.split, trust: root, ...PEOPLE };
  if (traffic) await tell({ do: 'visit', people });

  return {
    scenario,
    host: HOST,
    hop: 'checkout-edge',
    old: 'checkout-edge-old',
    fresh: 'checkout-edge-new',
    inventory: {
      trust: root,
      hosts: [HOST],
      routes: [`  - { host: ${HOST}, path: /, via: [split, checkout-edge, checkout] }`],
      hops: hopsText(ports, entry, endpoints, socket),
    },
    async share(part) {
      const fresh = Math.round(100 * part);
      await command(socket, `set server edge/old weight ${100 - fresh}`);
      await command(socket, `set server edge/new weight ${fresh}`);
    },
    breakApp: (on) => tell({ do: 'behave', behaviour: { errorRate: on ? 0.3 : 0 } }),
    asUser: ask(ports.split),
    stop,
  };
}

/** The hand on the outside process. Rejects when it has ended. */
function outside(guard: ProcessGuard, dir: string): (order: Order) => Promise<void> {
  const child = guard.start('outside', process.execPath, [join(import.meta.dirname, 'outside.ts')], {
    cwd: dir,
    log: join(dir, 'outside.log'),
    ipc: true,
    env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning --max-old-space-size=96' },
  });
  const open = new Map<number, (error: string | null) => void>();
  let last = 0;
  child.channel?.unref();
  child.on('message', ({ id, error }: Reply) => {
    open.get(id)?.(error);
    open.delete(id);
    if (open.size === 0) child.channel?.unref();
  });
  child.on('exit', () => {
    for (const answer of open.values()) answer('ended');
    open.clear();
  });
  return (order) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      open.set(id, (error) => (error === null ? resolve() : reject(new LabError(`outside: ${error}`))));
      if (!child.connected) return open.get(id)?.('not running');
      child.channel?.ref();
      child.send({ id, order } satisfies Message, (error) => error && open.get(id)?.('not running'));
    });
}

function hopsText(
  ports: { split: number; old: number; oldAdmin: number; freshAdmin: number },
  entry: number,
  endpoints: { name: string; port: number }[],
  socket: string,
): string {
  const instance = (name: string, https: number, admin: number) =>
    `      - { name: ${name}, https: "127.0.0.1:${https}", metrics: "http://127.0.0.1:${admin}/stats/prometheus", admin: "http://127.0.0.1:${admin}" }`;
  return `
  split:
    hop: load-balancer
    kind: haproxy
    address: 127.0.0.1:${ports.split}
    scheme: https
    sends: none
    to: https
    instances:
      - { name: split-1, https: "127.0.0.1:${ports.split}", admin: ${JSON.stringify(socket)} }
  checkout-edge:
    hop: proxy
    kind: envoy
    expects: none
    instances:
${instance('checkout-edge-old', ports.old, ports.oldAdmin)}
${instance('checkout-edge-new', entry, ports.freshAdmin)}
  checkout:
    hop: service
    kind: service
    scheme: http
    health: /healthz
    endpoints:
${endpoints.map(({ name, port }) => `      - { name: ${name}, address: "127.0.0.1:${port}", ports: [${port}] }`).join('\n')}
`;
}

/** Whether an Envoy says that it is live. */
function isReady(admin: number): Promise<boolean> {
  return new Promise((resolve) => {
    get(`http://127.0.0.1:${admin}/ready`, { agent: false, timeout: 2000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    })
      .on('error', () => resolve(false))
      .on('timeout', () => resolve(false));
  });
}

/** Sends one command to HAProxy's admin socket. Throws what it says against it. */
function command(path: string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = '';
    createConnection(path)
      .on('error', reject)
      .on('data', (chunk) => {
        answer += chunk;
      })
      .on('end', () => (answer.trim() === '' ? resolve() : reject(new LabError(`split: ${answer.trim()}`))))
      .end(`${text}\n`);
  });
}
