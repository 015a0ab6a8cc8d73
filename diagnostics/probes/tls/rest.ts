import type { HandshakeSeen } from '../../io/io.ts';
import type { ResumptionSeen } from '../../io/resumption.ts';
import { asksForCertificate, flightIsDone, flightIsWhole, keyExchangeGroup } from '../../wire/tls-answer.ts';
import { groupName, SIGNATURES } from '../../wire/tls-groups.ts';
import type { TlsVersion } from '../../wire/tls-hello.ts';
import type { TlsProbe } from '../tls-probe.ts';
import { type CertificateFound, fromSightings, fromTls13, type Kind } from './certificates.ts';
import { askClients, type Known } from './clients.ts';
import type { Sightings, VersionFound } from './enumerate.ts';
import { flight } from './flight.ts';
import { enumerateGroups, enumerateSignatures, isEphemeral } from './groups.ts';
import { askNames, askProtocols, sha256 } from './names.ts';
import { OFFER } from './offers.ts';
import type { Ordered } from './order.ts';
import { PATIENCE_MS, type Prober } from './prober.ts';

type More = Partial<TlsProbe>;

/**
 * Everything but versions and suites: groups, signatures, certificates, names, protocols, resumption, clients. Independent
 * questions are asked at once.
 */
export async function askMore(
  prober: Prober,
  spoken: VersionFound[],
  ordering: Promise<Ordered[]>,
  sightings: Sightings,
  replay: boolean,
): Promise<[Ordered[], More]> {
  const { to, io, signal } = prober;
  const trusted = io.trusted?.() ?? null;
  const newest = spoken[0];
  if (!newest) return [await ordering, {}];
  const older = spoken.find((one) => one.version !== 'TLSv1.3');
  const is13 = newest.version === 'TLSv1.3';
  const all = (one: VersionFound): number[] => one.lists.flat();
  const grouping = enumerateGroups(prober, { version: newest.version, suites: all(newest) });
  const asked = older ?? newest;
  const signing = (older ? Promise.resolve([]) : grouping).then((groups: number[]) =>
    enumerateSignatures(prober, { version: asked.version, suites: all(asked) }, groups),
  );
  const certifying = older
    ? Promise.resolve(fromSightings(sightings, trusted, to.servername))
    : grouping.then(async (groups) => ({
        found: await fromTls13(prober, all(newest), groups, trusted),
        dhBits: null,
      }));
  prober.count('certificates', 1);
  const [seen, groups, signatures, { found: chains, dhBits }, olderGroups, resumption] = await Promise.all([
    io.handshake({ ...to, patienceMs: PATIENCE_MS }, signal),
    grouping,
    signing,
    certifying,
    older ? groupsBefore13(prober, older) : [],
    askResumption(prober, spoken),
  ]);
  const question = { version: asked.version, suites: all(asked).slice(0, OFFER), ...(older ? {} : { groups }) };
  const own = await ownLeaf(prober, question, chains);
  const [names, alpn, asks, ordered] = await Promise.all([
    askNames(prober, question, own),
    askProtocols(prober, is13 ? { version: 'TLSv1.3', suites: all(newest), groups } : question),
    demandOf(prober, seen, older),
    ordering,
  ]);
  const known: Known = {
    suites: new Map(ordered.map((one) => [one.version, one.suites])),
    groups: groups.map(groupName),
    preference: new Map(ordered.map((one) => [one.version, one.preference])),
    keyType: seen.certificates[0]?.keyType ?? null,
    chains: new Map(chains.map((one) => [one.kind as Kind, one])),
    dhBits,
    firm: firmVersions(ordered),
    bending: new Set(ordered.filter((one) => one.bends).map((one) => one.version)),
    olderGroups: olderGroups.map(groupName),
    signatures: signatures.map((name) => SIGNATURES[name] ?? 0),
    alpn,
    servername: to.servername,
    holes: prober.unanswered() > 0,
  };
  const clients = await askClients(prober, known, trusted, replay);
  const main = chains.find((one) => one.certificates[0]?.sha256 === seen.certificates[0]?.sha256) ?? chains[0];
  return [
    ordered,
    {
      groups: known.groups,
      signatures,
      alpn,
      certificates: seen.certificates.length ? seen.certificates : (main?.certificates ?? []),
      chain: seen.chain ?? main?.chain ?? null,
      nameMatches: seen.nameMatches ?? main?.nameMatches ?? null,
      chains,
      names,
      dhBits,
      resumption,
      asksForCertificate: asks,
      clients,
    },
  ];
}

/** Versions where the order was seen whole. */
const firmVersions = (ordered: Ordered[]): Set<TlsVersion> =>
  new Set(ordered.filter((one) => one.preference !== null && one.sorted).map((one) => one.version));

/** Groups that are really used before TLS 1.3: the favourite, and whether P-256 alone is enough, which old clients need. */
async function groupsBefore13(prober: Prober, older: VersionFound): Promise<number[]> {
  const suites = older.lists.flat().filter(isEphemeral).slice(0, OFFER);
  if (suites.length === 0) return [];
  const asked = await Promise.all(
    [[0x001d, 0x0018, 0x0019], [0x0017]].map(async (groups) => {
      const { answer, data } = await prober.offer({ version: older.version, suites, groups }, 'groups', flightIsWhole);
      return answer.is === 'hello' ? keyExchangeGroup(data) : null;
    }),
  );
  return asked.filter((group) => group !== null);
}

/** The leaf that this very question gets with the right name, to compare others with. */
async function ownLeaf(
  prober: Prober,
  question: Parameters<typeof askNames>[1],
  chains: CertificateFound[],
): Promise<string | null> {
  if (chains.length === 1) return chains[0]?.certificates[0]?.sha256 ?? null;
  const leaf = (await flight(prober, question, 'names')).certificates[0];
  return leaf ? sha256(leaf) : null;
}

async function askResumption(prober: Prober, spoken: VersionFound[]): Promise<{ [version: string]: ResumptionSeen }> {
  const { io, to, signal } = prober;
  const seen: { [version: string]: ResumptionSeen } = {};
  if (!io.resumption) return seen;
  const versions = spoken.map((one) => one.version).filter((name) => name === 'TLSv1.3' || name === 'TLSv1.2');
  const ask = io.resumption;
  await Promise.all(
    versions.map(async (version) => {
      const answer = await ask({ ...to, version, patienceMs: PATIENCE_MS }, signal);
      prober.count('resumption', answer.given === null ? 1 : 2);
      seen[version] = answer;
    }),
  );
  return seen;
}

/** Suites are shared and yet the whole handshake is refused: a demand for a client certificate looks like that. */
async function demandOf(prober: Prober, seen: HandshakeSeen, older: VersionFound | undefined): Promise<boolean | null> {
  if (seen.error === null || !older) return null;
  const hello = { version: older.version, suites: older.lists.flat().slice(0, OFFER) };
  return asksForCertificate((await prober.offer(hello, 'certificates', flightIsDone)).data);
}
