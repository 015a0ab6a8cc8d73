import { splitAddress } from '../diagnostics/io/address.ts';
import type { Case, Symptoms, Target } from '../diagnostics/types.ts';
import { allowanceOf } from '../proxy/inventory/allow.ts';
import { findPath, type Inventory, knownHosts } from '../proxy/inventory/inventory.ts';
import { type Named, placeOf, placesIn } from './intake/hosts.ts';
import { isReport } from './intake/is-report.ts';
import { plainText } from './intake/plain-text.ts';
import { sinceIn } from './intake/since.ts';
import { noSymptoms, symptomsIn } from './intake/symptoms.ts';

/** Where and when a message was written. */
export interface Written {
  /** ISO. */
  at: string;
  /** IANA zone of the writer, where known. */
  tz: string | null;
}

/** What we understood from a message; `report` false: it is no report of trouble and gets no answer by itself. */
export interface Reading {
  report: boolean;
  /** Full host names, aliases resolved, in the order of the text. */
  hosts: string[];
  since: string | null;
  symptoms: Symptoms;
  /** Places that the text names, ports and schemes as far as it gives them. */
  places: Named[];
  /** Two to five hosts that share the only name the text gives: whoever wrote it is asked which one is meant. */
  ambiguous?: string[];
}

/** Pure: reads one message (Slack mrkdwn or plain text). Never throws, whatever the text. */
export function readReport(text: string, written: Written, inventory: Inventory): Reading {
  const plain = plainText(text);
  const { places, mentions, ambiguous } = placesIn(plain, inventory);
  const symptoms = symptomsIn(plain.text);
  return {
    report: isReport(plain.text, { places: mentions, suspects: symptoms.suspects.length }),
    hosts: places.map((place) => place.host),
    since: sinceIn(plain.text, written.at, written.tz),
    symptoms,
    places,
    ...(ambiguous.length > 0 && { ambiguous }),
  };
}

/** A reading of a TARGET and nothing else, as the command line takes it; null when it is no target. */
export function readTarget(target: string, inventory: Inventory): Reading | null {
  const place = placeOf(target, inventory);
  return place && { report: true, hosts: [place.host], since: null, symptoms: noSymptoms(), places: [place] };
}

/** Where there is one host only, a report that names none means it. */
function onlyPlace(inventory: Inventory): Named | null {
  const [host, ...others] = knownHosts(inventory);
  return host !== undefined && others.length === 0 ? { host, port: null, path: '/', scheme: null } : null;
}

/** The whole target: what nobody said is taken from the path's outermost hop. */
function targetOf(place: Named, inventory: Inventory): Target {
  const { host, path } = place;
  const bare = findPath(inventory, { host, port: place.port, path });
  const front = bare.hops.find((hop) => hop.address);
  const spoken = front?.listeners.find((l) => splitAddress(l.address)?.port === place.port)?.scheme ?? front?.scheme;
  // A link says https as everybody writes it: where our port is the inventory's, so is what is spoken there.
  const ends =
    place.port === null && front?.listeners.every((l) => l.scheme === (place.scheme === 'https' ? 'http' : 'https'));
  const said = ends ? null : place.scheme;
  const scheme = said ?? (spoken === 'http' || (!front && place.port === 80) ? 'http' : 'https');
  return { host, path, scheme, port: findPath(inventory, { host, port: place.port, path, scheme }).port };
}

/** The inventory for the place that a case from this reading will be about, completed by a cluster where there is one. */
export async function inventoryOf(
  source: { known(): Inventory; forHost(host: string, path: string): Promise<Inventory> },
  reading: Reading,
): Promise<Inventory> {
  const place = reading.places[0] ?? onlyPlace(source.known());
  return place ? source.forHost(place.host, place.path) : source.known();
}

/**
 * Pure: a case from a reading, or what is missing to make one. `id` must be unique (see newCaseId).
 * The first place of the text is taken. `refused` names a target that may not be probed, and why.
 */
export function openCase(
  reading: Reading,
  options: {
    id: string;
    at: string;
    report: string | null;
    inventory: Inventory;
    deadlineMs: number;
    only?: string[] | null;
  },
): { case: Case } | { missing: 'host' } | { refused: string } {
  const { inventory } = options;
  const place = reading.places[0] ?? onlyPlace(inventory);
  if (!place) return { missing: 'host' };
  // Names that nothing covers may still lead to an address that `allow` covers: the guard decides at each connection.
  const coversAddresses = (inventory.allow ?? []).some((entry) => /^[\d.:a-f]+(\/\d+)?$/i.test(entry));
  const isAddress = /^[\d.]+$|:/.test(place.host);
  if (!allowanceOf(inventory).name(place.host) && (isAddress || !coversAddresses)) {
    return { refused: `${place.host} may not be probed: the inventory neither names it nor covers it with \`allow\`` };
  }
  return {
    case: {
      version: 1,
      id: options.id,
      at: options.at,
      report: options.report,
      target: targetOf(place, inventory),
      symptoms: reading.symptoms,
      since: reading.since,
      deadlineMs: options.deadlineMs,
      only: options.only ?? null,
    },
  };
}

/** `c-20261121-7f3a9c01`: the day and enough randomness that two bots never collide. */
export function newCaseId(at: Date): string {
  return `c-${at.toISOString().slice(0, 10).replaceAll('-', '')}-${crypto.randomUUID().slice(0, 8)}`;
}
