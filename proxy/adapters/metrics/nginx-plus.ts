import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { isTree } from '../../json.ts';
import { counts } from './collector.ts';
import { countOf, type Tally } from './tally.ts';

/** Parts of the API that are read, below its version. */
const PARTS = [
  'nginx',
  'processes',
  'connections',
  'ssl',
  'http/requests',
  'http/server_zones',
  'http/upstreams',
] as const;

type Part = (typeof PARTS)[number];

const inside = (value: unknown, key: string): unknown => (isTree(value) ? value[key] : undefined);
const numberIn = (value: unknown, key: string): number | null => {
  const found = inside(value, key);
  return typeof found === 'number' ? countOf(found) : null;
};

/** It has nine versions and some dozen parts; a list of millions would be asked for a page each time. */
const MOST_ENTRIES = 100;

/** True for what `/api/` and `/api/9/` answer: a list of versions, or of the parts. */
export function isPlusApi(page: unknown): page is (number | string)[] {
  return (
    Array.isArray(page) &&
    page.length > 0 &&
    page.length <= MOST_ENTRIES &&
    (page.every((one) => typeof one === 'number') || page.includes('nginx'))
  );
}

/**
 * The nginx Plus REST API (nginx.org/en/docs/http/ngx_http_api_module.html, versions 1 to 9; from documentation: no
 * recording of it exists here). `root` is what the named URL answered; `get` reads one page below it.
 */
export async function readPlusApi(
  url: string,
  root: (number | string)[],
  get: (url: string) => Promise<unknown>,
  tally: Tally,
): Promise<void> {
  const base = url.replace(/\/+$/, '');
  const versions = root.filter((one) => typeof one === 'number');
  const from =
    versions.length > 0 ? `${base}/${versions.reduce((most, one) => Math.min(9, Math.max(most, one)))}` : base;
  const pages = new Map<Part, unknown>();
  for (const part of PARTS) {
    // A part may be missing: no ssl, no http block. The first one must be there.
    const page = await get(`${from}/${part}`).catch((error: unknown) => {
      if (part === 'nginx' || !(error instanceof BlindLook) || error.reason !== 'unreadable') throw error;
      return null;
    });
    pages.set(part, page);
  }
  tallyPlus(pages, tally);
}

function tallyPlus(pages: ReadonlyMap<Part, unknown>, tally: Tally): void {
  const { sample } = tally;
  const nginx = pages.get('nginx');
  const version = inside(nginx, 'build') ?? inside(nginx, 'version');
  if (typeof version === 'string') sample.software = `nginx ${version.slice(0, 100)}`;
  const loadedAt = Date.parse(String(inside(nginx, 'load_timestamp')));
  // `generation`: "the total number of configuration reloads".
  sample.reloads.ok = numberIn(nginx, 'generation');
  sample.reloads.lastAt = Number.isNaN(loadedAt) ? null : new Date(loadedAt).toISOString();
  const connections = pages.get('connections');
  sample.connections = {
    active: numberIn(connections, 'active'),
    idle: numberIn(connections, 'idle'),
    limit: null,
    accepted: numberIn(connections, 'accepted'),
    dropped: numberIn(connections, 'dropped'),
  };
  sample.refusedBeforeRequest.handshake = numberIn(pages.get('ssl'), 'handshakes_failed');
  tallyRequests(pages, tally);
  tally.cannotTell(
    'requests by host where server blocks share a zone',
    'status_zone with a name of its own in each server block',
  );
  tally.cannotTell('configurations that were refused', 'error_log … notice; in nginx.conf, and the log as errorLog:');
}

/** Answers by status of one zone or peer: exact codes since API 7, classes before. */
function* answersOf(of: unknown): Generator<[status: string, count: number]> {
  const responses = inside(of, 'responses');
  const codes = inside(responses, 'codes');
  const source = isTree(codes) ? codes : responses;
  if (!isTree(source)) return;
  for (const [status, count] of Object.entries(source))
    if (typeof count === 'number' && status !== 'total') yield [status, count];
}

/** Peers by themselves; what server zones answered beyond them, nginx answered itself; what they lack was repeated. */
function tallyRequests(pages: ReadonlyMap<Part, unknown>, tally: Tally): void {
  const peers = counts();
  const front = counts();
  for (const [service, upstream] of Object.entries((pages.get('http/upstreams') ?? {}) as object)) {
    const list = inside(upstream, 'peers');
    for (const peer of Array.isArray(list) ? list : []) {
      const endpoint = inside(peer, 'server');
      if (typeof endpoint !== 'string') continue;
      const state = inside(peer, 'state');
      const name = inside(peer, 'name');
      for (const [status, count] of answersOf(peer)) {
        tally.request({ service, endpoint }, status, 'upstream', count);
        peers.add(null, status, count);
      }
      Object.assign(tally.endpoint(service, endpoint), {
        up: typeof state === 'string' ? state === 'up' : null,
        weight: numberIn(peer, 'weight'),
        inflight: numberIn(peer, 'active'),
        requests: numberIn(peer, 'requests'),
        connectErrors: numberIn(peer, 'fails'),
        address: typeof name === 'string' ? name.slice(0, 300) : null,
      });
    }
  }
  for (const zone of Object.values((pages.get('http/server_zones') ?? {}) as object))
    for (const [status, count] of answersOf(zone)) front.add(null, status, count);
  if (front.empty()) {
    const all = numberIn(pages.get('http/requests'), 'total');
    if (peers.empty()) tally.request({}, 'all', 'unknown', all ?? 0);
    tally.cannotTell('what nginx answered itself', 'status_zone in each server block');
    return;
  }
  const behind = peers.byStatus();
  for (const [status, count] of front.byStatus()) {
    // 499 is written when the client left, before an upstream had answered or not.
    tally.request({}, status, status === '499' ? 'client' : 'proxy', count - (behind.get(status) ?? 0));
  }
  const answered = front.byStatus();
  tally.sample.repeated = [...behind]
    .map(([status, count]) => ({ status, count: count - (answered.get(status) ?? 0) }))
    .filter(({ status, count }) => count > 0 && status.startsWith('5'));
}
