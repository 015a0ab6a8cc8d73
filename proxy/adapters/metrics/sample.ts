import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { ProxySample } from '../../../diagnostics/io/proxy-sample.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import { ENDPOINTS } from './envoy.ts';
import { readCerts, readClusters, readServerInfo } from './envoy-admin.ts';
import { readInfo, readStats } from './haproxy-stats.ts';
import { hintFor } from './hints.ts';
import type { Reach } from './page.ts';
import { readMetrics } from './read-page.ts';
import { startTally, type Tally } from './tally.ts';
import { readServices, readVersion } from './traefik-admin.ts';
import { isCommandSocket } from './unix-socket.ts';

/**
 * One normalised sample of a managed proxy: its metrics page, whatever format that turns out to have, and what its admin
 * address adds. Throws BlindLook with what to switch on where there is neither, or where the page cannot be read; an
 * admin address that does not answer beside a page that does is said in `cannotTell`.
 */
export async function sampleOf(
  hop: PathHop,
  instance: Instance,
  reach: Reach,
  signal: AbortSignal,
): Promise<ProxySample> {
  const { metrics, admin } = instance;
  const page = metrics ?? pageOfAdmin(hop.kind, admin);
  const socket = admin !== null && isCommandSocket(admin) ? admin : null;
  if (page === null && socket === null)
    throw new BlindLook('not-configured', `${instance.name}: its counters are not known; ${hintFor(hop.kind)}`);
  const tally = startTally(new Date(), page ?? (socket as string));
  if (page === null) {
    await readSocket(socket as string, tally, reach, signal);
    return tally.done();
  }
  try {
    await readMetrics(page, tally, reach, signal);
  } catch (error) {
    if (socket === null || signal.aborted || !(error instanceof BlindLook)) throw error;
    // The socket has the same counters; a page that broke off half-way must not be mixed with them.
    const instead = startTally(new Date(), socket);
    await readSocket(socket, instead, reach, signal);
    instead.cannotTell(
      `what the page has (${error.message.slice(0, 200)})`,
      'metrics: with an address that answers from here',
    );
    return instead.done();
  }
  if (admin !== null) await complement(hop, admin, tally, reach, signal);
  return tally.done();
}

/** Where an admin address has the counters itself: Envoy's, and the nginx Plus API. */
function pageOfAdmin(kind: string, admin: string | null): string | null {
  if (admin === null || !isWeb(admin)) return null;
  if (kind === 'envoy') return below(admin, 'stats/prometheus');
  return kind === 'nginx' ? admin : null;
}

async function readSocket(socket: string, tally: Tally, reach: Reach, signal: AbortSignal): Promise<void> {
  readStats(await commandOf(reach, socket, 'show stat', signal), tally);
  readInfo(await commandOf(reach, socket, 'show info', signal), tally);
  tally.cannotTell('certificates', 'the certificate files, or a probe of the listener');
}

async function commandOf(reach: Reach, socket: string, line: string, signal: AbortSignal): Promise<string> {
  if (!reach.command) throw new BlindLook('not-allowed', `${socket}: command sockets are not read here`);
  return reach.command(socket, line, signal);
}

/** A page of counters alone, without anything that stands beside it. */
export async function sampleOfPage(url: string, reach: Reach, signal: AbortSignal): Promise<ProxySample> {
  const tally = startTally(new Date(), url);
  await readMetrics(url, tally, reach, signal);
  return tally.done();
}

const isWeb = (admin: string): boolean => /^https?:\/\//.test(admin);
const below = (admin: string, path: string): string => `${admin.replace(/\/+$/, '')}/${path}`;

/** What an admin address knows and a page of counters does not. */
async function complement(hop: PathHop, admin: string, tally: Tally, reach: Reach, signal: AbortSignal): Promise<void> {
  const json = async (path: string): Promise<unknown> => JSON.parse(await reach.page(below(admin, path), signal));
  try {
    if (isCommandSocket(admin)) {
      // The page has the counters already; the socket alone knows failed handshakes and addresses.
      const beside = startTally(new Date(), admin);
      readStats(await commandOf(reach, admin, 'show stat', signal), beside);
      tally.sample.refusedBeforeRequest.handshake = beside.sample.refusedBeforeRequest.handshake;
      for (const one of beside.done().endpoints)
        tally.endpoint(one.service, one.endpoint).address = one.address ?? null;
      tally.canTell('failed handshakes');
    } else if (hop.kind === 'envoy' && isWeb(admin)) {
      readServerInfo(await json('server_info'), tally);
      readClusters(await json('clusters?format=json'), tally);
      // The page names certificates by a hash only.
      tally.sample.certificates = [];
      readCerts(await json('certs'), tally);
      tally.canTell(ENDPOINTS);
    } else if (hop.kind === 'traefik' && isWeb(admin)) {
      readVersion(await json('api/version'), tally);
      readServices(await json('api/http/services?per_page=1000'), tally);
    }
  } catch (error) {
    if (!(error instanceof BlindLook || error instanceof SyntaxError)) throw error;
    if (signal.aborted) throw error;
    tally.cannotTell(
      `what ${admin} knows (${error.message.slice(0, 200)})`,
      'admin: with an address that answers from here',
    );
  }
}
