import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startBalancer } from './balancer.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { type Certificates, writeCertificates } from './certificates.ts';
import { addChange, writeChangeFeed } from './change-feed.ts';
import { startEdge } from './edge.ts';
import { faultSwitch } from './fault-switch.ts';
import { type InventoryNotes, inventoryFile, inventoryText } from './inventory-file.ts';
import { LabError } from './lab-error.ts';
import { keepLogsShort } from './log-limit.ts';
import { startOutside } from './outside.ts';
import { claimPorts, type Ports, type WorldPorts } from './ports.ts';
import { openGuard, type ProcessGuard } from './process-guard.ts';
import { startTraefik } from './traefik.ts';
import type { World } from './types.ts';
import { until } from './until.ts';
import { requestAsUser } from './user-request.ts';
import { APPLICATIONS, hostOf, visitsOf } from './world-plan.ts';

export type { FaultState, World } from './types.ts';

interface WorldOptions {
  /** An empty folder that the world lives in and leaves its files in; without it a temporary one that goes with it. */
  dir?: string;
  /** false: leave Traefik out even where it is here. */
  traefik?: boolean;
  /** false: nobody but the caller uses the hosts. */
  traffic?: boolean;
}

const ATTEMPTS = 4;

/** What a world makes in its folder. */
const CONTENTS = ['ca', 'changes.ndjson', 'edge-1', 'edge-2', 'inventory.yaml', 'public', 'traefik'];

/**
 * Starts a world: a load balancer, two edge replicas, Traefik where it is here, applications and their users, all real
 * processes on loopback with a throw-away authority. Resolves when every host has answered and the logs have something to say.
 * @throws LabError with `missing` when nginx or haproxy is not installed.
 */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const binaries = findBinaries();
  if (options.traefik === false) binaries.traefik = null;
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(binaries, options);
    } catch (error) {
      // Somebody took a port between the moment it was free and the moment its server asked for it.
      if (attempt >= ATTEMPTS || !lostAPort(error)) throw error;
    }
  }
}

async function startOnce(binaries: Binaries, options: WorldOptions): Promise<World> {
  const own = options.dir === undefined;
  const dir = realpathSync(own ? mkdtempSync(join(tmpdir(), 'iti-world-')) : existing(options.dir ?? ''));
  const claim = await claimPorts();
  const guard = openGuard(dir, own ? 'remove' : 'keep');
  try {
    return await build(binaries, options, dir, claim, guard);
  } catch (error) {
    await guard.close();
    claim.release();
    // The next attempt must not be read together with this one's logs.
    if (!own) for (const name of CONTENTS) rmSync(join(dir, name), { recursive: true, force: true });
    throw error;
  }
}

async function build(
  binaries: Binaries,
  options: WorldOptions,
  dir: string,
  claim: Ports,
  guard: ProcessGuard,
): Promise<World> {
  const ports = assignPorts(claim, binaries.traefik !== null);
  const plans = APPLICATIONS.filter(({ behind }) => behind === 'edge' || ports.traefik);
  const hosts = plans.map(({ name }) => hostOf(name));
  const outside = startOutside(guard, dir);
  const opened = Promise.all(
    plans.map(({ name, behaviour }) =>
      outside.tell({
        do: 'open',
        application: { name, host: hostOf(name), behaviour, endpoints: ports.endpoints[name] ?? [] },
      }),
    ),
  );
  const [certificates] = await Promise.all([writeCertificates(join(dir, 'ca'), hosts, [hostOf('shop')]), opened]);

  const edge = startEdge(guard, binaries.nginx, dir, ports.edges, edgeSettings(certificates, ports));
  const balancer = startBalancer(guard, binaries.haproxy, dir, ports);
  const traefik =
    binaries.traefik && ports.traefik
      ? startTraefik(guard, binaries.traefik, dir, ports.traefik, traefikSites(certificates, ports))
      : null;

  const trust = certificates.root;
  const rootPem = readFileSync(trust, 'utf8');
  const inventory = inventoryFile(dir);
  const notes: InventoryNotes = { endpoints: { ...ports.endpoints } };
  const changes = join(dir, 'changes.ndjson');
  const frontOf = (host: string): number => {
    const behind = plans.find(({ name }) => hostOf(name) === host)?.behind;
    if (!behind) throw new LabError(`no host ${host} in this world`);
    return behind === 'traefik' && ports.traefik ? ports.traefik.https : ports.public.https;
  };
  const visits = plans.map((plan) => visitsOf(plan, frontOf(hostOf(plan.name)), options.traffic !== false));

  const writeInventory = (): void =>
    writeFileSync(inventory, inventoryText({ dir, ports, trust, socket: balancer.socket, notes }));
  writeChangeFeed(changes, traefik !== null);
  writeInventory();

  let logs: { stop(): void } | undefined;
  let stopping: Promise<void> | undefined;
  const world: World = {
    dir,
    inventory,
    ports,
    addresses: Object.fromEntries(hosts.map((host) => [host, `127.0.0.1:${frontOf(host)}`])),
    hosts,
    trust,
    pids: {
      guard: guard.pid,
      outside: outside.pid,
      public: balancer.pid,
      ...Object.fromEntries(edge.replicas.map(({ name, pid }) => [name, pid])),
      ...(traefik ? { traefik: traefik.pid } : {}),
    },
    ...faultSwitch(() => world, traefik !== null),
    stop() {
      logs?.stop();
      edge.abandon();
      stopping ??= guard.close().then(claim.release);
      return stopping;
    },
    asUser: (host, request) => requestAsUser(host, frontOf(host), rootPem, request),
    parts: {
      balancer,
      edge,
      traefik,
      outside,
      certificates,
      notes,
      writeInventory,
      recordChange: (change) => addChange(changes, change),
      forgetChanges: () => writeChangeFeed(changes, traefik !== null),
      visits,
    },
  };
  await ready(world);
  logs = keepLogsShort(dir);
  return world;
}

/** Every server runs, every host answers; then the first users come, so that counters and logs have something to say. */
async function ready(world: World): Promise<void> {
  const { balancer, edge, traefik, outside, visits } = world.parts;
  const answers = (host: string) => async (): Promise<boolean> => {
    balancer.mustRun();
    edge.mustRun();
    traefik?.mustRun();
    return (await world.asUser(host)).status === 200;
  };
  await Promise.all(world.hosts.map((host) => until(`${host} answers`, answers(host), { withinMs: 15_000, times: 2 })));
  await outside.tell({ do: 'visit', visits, trust: world.trust });
  await outside.tell({ do: 'burst', requests: 60 });
  await outside.tell({ do: 'count-anew' });
}

function assignPorts(claim: Ports, traefik: boolean): WorldPorts {
  const { next } = claim;
  return {
    public: { https: next(), http: next(), metrics: next() },
    edges: ['edge-1', 'edge-2'].map((name) => ({ name, https: next(), http: next(), status: next() })),
    traefik: traefik ? { https: next(), http: next(), admin: next() } : null,
    endpoints: Object.fromEntries(
      APPLICATIONS.map(({ name, endpoints }) => [
        name,
        endpoints.map((endpoint) => ({ name: endpoint, port: next() })),
      ]),
    ),
    spare: Array.from({ length: 4 }, next),
  };
}

function edgeSettings(certificates: Certificates, ports: WorldPorts): Parameters<typeof startEdge>[4] {
  return {
    proxyProtocol: true,
    tls: 'compatible',
    sites: APPLICATIONS.filter(({ behind }) => behind === 'edge').map(({ name }) => ({
      host: hostOf(name),
      upstream: name,
      certificate: certificates.own[hostOf(name)]!,
      endpoints: ports.endpoints[name] ?? [],
      balance: 'round-robin' as const,
    })),
    fallback: certificates.fallback,
    snippet: '',
  };
}

function traefikSites(certificates: Certificates, ports: WorldPorts): Parameters<typeof startTraefik>[4] {
  return APPLICATIONS.filter(({ behind }) => behind === 'traefik').map(({ name }) => ({
    host: hostOf(name),
    service: name,
    certificate: certificates.own[hostOf(name)]!,
    endpoints: ports.endpoints[name] ?? [],
  }));
}

function existing(dir: string): string {
  mkdirSync(dir, { recursive: true });
  return resolve(dir);
}

function lostAPort(error: unknown): boolean {
  const cause = error instanceof LabError ? error.cause : null;
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'EADDRINUSE';
}
