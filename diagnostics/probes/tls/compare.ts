import type { ClientResult } from '../client-profiles.ts';
import type { TlsProbe } from '../tls-probe.ts';

/** What of a saved probe is compared; older ones may have less. */
export type Compared = Pick<TlsProbe, 'versions' | 'clients' | 'ciphers' | 'certificates'>;

/** A client that got in before and does not now, or the other way round. */
interface ClientChange {
  profile: string;
  title: string;
  before: ClientResult['negotiated'];
  now: ClientResult['negotiated'];
  result: ClientResult['result'];
  /** In plain words. */
  says: string;
}

export interface Comparison {
  lost: ClientChange[];
  gained: ClientChange[];
  /** What else differs at the listener, in plain words. */
  changes: string[];
}

const shortTitle = (title: string): string => title.replace(/ \([^)]*\)$/, '');
const withWhat = (negotiated: ClientResult['negotiated']): string =>
  negotiated ? `${negotiated.version} with ${negotiated.cipher}` : 'nothing';

/** Why a client that got in no longer does, after its name. */
function loss(result: ClientResult, now: Compared, before: ClientResult): string {
  const had = `it had ${withWhat(before.negotiated)}`;
  switch (result.result) {
    case 'no-shared-version':
      return `lost its last common version: ${had}, now only ${now.versions.join(', ') || 'no version'} is spoken`;
    case 'no-shared-cipher':
      return `lost its last common suite: ${had}`;
    case 'no-shared-group':
      return `lost its last common key exchange group: ${had}`;
    case 'certificate-key':
      return "cannot use the new certificate's kind of key";
    case 'certificate-signature':
      return "does not accept the new certificate's signature";
    case 'certificate-chain':
      return 'no longer gets a whole chain: the intermediate is not sent';
    default:
      return `is now turned away${result.alert == null ? '' : ` (TLS alert ${result.alert})`}: ${had}`;
  }
}

/** Pure: what two probes of a listener say of who gets in. Clients that only one of them knows are left out. */
export function compareProbes(before: Compared, now: Compared): Comparison {
  const old = new Map(before.clients.map((client) => [client.profile, client]));
  const lost: ClientChange[] = [];
  const gained: ClientChange[] = [];
  for (const client of now.clients) {
    const was = old.get(client.profile);
    if (!was || client.result === 'unknown' || was.result === 'unknown') continue;
    const { profile, title, result } = client;
    const base = { profile, title, result, before: was.negotiated, now: client.negotiated };
    const name = shortTitle(title);
    if (was.result === 'ok' && result !== 'ok') lost.push({ ...base, says: `${name} ${loss(client, now, was)}` });
    else if (was.result !== 'ok' && result === 'ok')
      gained.push({ ...base, says: `${name} gets in now, by ${withWhat(client.negotiated)}` });
  }
  return { lost, gained, changes: changesOf(before, now) };
}

/** The first of a list by name, the rest by number. */
const few = (names: string[]): string =>
  names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');

function changesOf(before: Compared, now: Compared): string[] {
  const said: string[] = [];
  const gone = before.versions.filter((version) => !now.versions.includes(version));
  const come = now.versions.filter((version) => !before.versions.includes(version));
  if (gone.length) said.push(`no longer spoken: ${gone.join(', ')}`);
  if (come.length) said.push(`newly spoken: ${come.join(', ')}`);
  for (const version of now.versions.filter((one) => before.versions.includes(one))) {
    const names = (probe: Compared): string[] => (probe.ciphers[version] ?? []).map((suite) => suite.name);
    const [was, is] = [names(before), names(now)];
    const lost = was.filter((name) => !is.includes(name));
    const won = is.filter((name) => !was.includes(name));
    if (lost.length) said.push(`${version} lost ${lost.length} of ${was.length} suites: ${few(lost)}`);
    if (won.length) said.push(`${version} has ${won.length} new suites: ${few(won)}`);
    if (!lost.length && !won.length && was.join() !== is.join()) said.push(`${version}: same suites in another order`);
  }
  const [was, is] = [before.certificates[0], now.certificates[0]];
  if (was && is && was.sha256 !== is.sha256)
    said.push(`another certificate: ${is.subject} (${is.keyType}) until ${is.notAfter.slice(0, 10)}`);
  return said;
}
