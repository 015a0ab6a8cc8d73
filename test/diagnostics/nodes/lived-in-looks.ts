import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readRows } from '../../../diagnostics/findings.ts';
import { planLooks } from '../../../diagnostics/plan.ts';
import { runLook } from '../../../diagnostics/run-look.ts';
import type { Case, EvidenceRow, Finding, Path } from '../../../diagnostics/types.ts';
import { emptyInventory, findPath, type Inventory } from '../../../proxy/inventory/inventory.ts';
import { withCluster } from '../../../proxy/kubernetes/inventory.ts';
import { clusterReader } from '../../../proxy/kubernetes/reader.ts';
import type { Missing } from '../../../proxy/kubernetes/view.ts';
import { ioFor } from '../../../proxy/triage.ts';
import { LIVED_AT, type Lists, livedInLists, viewOf } from '../../proxy/kubernetes/lived-in.ts';

/** What was looked at in the lived-in cluster, as it was recorded or with an edit, and what it says. */
interface Looked {
  case: Case;
  path: Path;
  rows: EvidenceRow[];
  findings: Finding[];
  codes: string[];
}

export interface LookAt {
  check: string;
  host: string;
  edit?: (lists: Lists) => void;
  missing?: Missing[];
  file?: Partial<Inventory>;
  report?: string;
  since?: string;
}

export const caseOf = (host: string, only: string[] | null, more: Partial<Case> = {}): Case => ({
  version: 1,
  id: 'c-20261121-00000000',
  at: LIVED_AT,
  report: `${host} fails now and then`,
  target: { host, port: 443, path: '/', scheme: 'https' },
  symptoms: {
    kinds: ['unspecified'],
    statuses: [],
    errors: [],
    course: 'intermittent',
    suspects: [],
    clients: [],
    onlyReporter: false,
  },
  since: null,
  deadlineMs: 20_000,
  only,
  ...more,
});

/** One check on a path of the lived-in cluster; only its own addresses on loopback are ever asked. */
export async function lookedAt({ check, host, edit, missing, file }: LookAt): Promise<Looked> {
  const lists = livedInLists();
  edit?.(lists);
  const view = viewOf(lists, missing ?? []);
  // Somebody's file: without one whoever asks may ask anything.
  const base: Inventory = { ...emptyInventory(), file: '/srv/inventory.yaml', dns: { [host]: ['127.0.0.1'] }, ...file };
  const inventory = withCluster(base, view, host, '/');
  const triage = caseOf(host, [check]);
  const path = findPath(inventory, triage.target);
  const io = { ...ioFor(inventory, host, null, clusterReader(view)), now: () => new Date(LIVED_AT) };
  const rows: EvidenceRow[] = [];
  for (const planned of planLooks(triage, path)) rows.push(...(await runLook(planned, io, { budgetMs: 5_000 })));
  const { findings } = readRows(rows, triage, path);
  return { case: triage, path, rows, findings, codes: [...new Set(findings.map((f) => f.code))].sort() };
}

/** What one row of them says, as the files in ../checks hold it. */
export const codesOf = (looked: Looked, row: EvidenceRow): string[] => {
  const { findings } = readRows([row], looked.case, looked.path);
  return [...new Set(findings.map((f) => f.code))].sort();
};

/** A recorded page on a loopback address, at any path. */
export async function pageAt(address: string, text: string): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(text);
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, address, () => resolve());
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((done) => server.close(() => done())),
  };
}

/**
 * kube-proxy's health port on loopback addresses, in its own words (kubernetes: pkg/proxy/healthcheck/service_health.go):
 * 200 with as many endpoints as given, 503 with none. All listen on one port, as it is the same on every node.
 */
export async function healthPorts(
  service: string,
  endpoints: { [address: string]: number },
): Promise<{ port: number; close: () => Promise<void> }> {
  const [namespace, name] = service.split('/');
  const listen = (address: string, port: number): Promise<ReturnType<typeof createServer>> => {
    const server = createServer((_request, response) => {
      const count = endpoints[address] ?? 0;
      response.writeHead(count > 0 ? 200 : 503, {
        'content-type': 'application/json',
        'x-content-type-options': 'nosniff',
        'x-load-balancing-endpoint-weight': String(count),
      });
      response.end(
        `{\n\t"service": {\n\t\t"namespace": "${namespace}",\n\t\t"name": "${name}"\n\t},\n\t"localEndpoints": ${count},\n\t"serviceProxyHealthy": true\n}`,
      );
    });
    const { promise, resolve, reject } = Promise.withResolvers<typeof server>();
    server.once('error', reject);
    server.listen(port, address, () => resolve(server));
    return promise;
  };
  const [first = '127.0.0.1', ...others] = Object.keys(endpoints);
  const one = await listen(first, 0);
  const servers = [one];
  const { port } = one.address() as AddressInfo;
  for (const address of others) servers.push(await listen(address, port));
  return {
    port,
    close: async () => {
      await Promise.all(servers.map((one) => new Promise((resolve) => one.close(resolve))));
    },
  };
}
