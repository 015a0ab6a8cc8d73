import type { Finding, Hop, Json, Path, Verdict } from '../../diagnostics/types.ts';

/** What a sentence about a case may rest on: its findings, its names, its numbers. */
export interface Ground {
  verdict: Verdict;
  /** Findings by code; several may share one. */
  findings: ReadonlyMap<string, readonly Finding[]>;
  /** Host, hops, replicas, endpoints and their addresses, in lower case: from the inventory, never out of a log. */
  names: ReadonlySet<string>;
  /** Which hop a name belongs to. */
  hopOf: ReadonlyMap<string, Hop>;
  /** Numbers and times of the verdict's own lines, normalised. */
  numbers: ReadonlySet<string>;
  /** The verdict's next step, in lower case. */
  nextStep: string;
}

/** A number longer than this is an id, or something that somebody wants to get out. */
const MAX_DIGITS = 7;

/** Pure: the ground of a case with a verdict. */
export function groundOf(verdict: Verdict, path: Path): Ground {
  const hopOf = new Map<string, Hop>();
  const names = new Set<string>();
  const name = (text: string | null | undefined, hop: Hop | null): void => {
    for (const word of (text ?? '').toLowerCase().split(/\s+/)) {
      if (!/^[\w.:[\]-]{1,253}$/.test(word)) continue;
      names.add(word);
      if (hop && !hopOf.has(word)) hopOf.set(word, hop);
    }
  };
  const address = (text: string | null | undefined): void => {
    const bare = (text ?? '').replace(/^[a-z]+:\/\//i, '').replace(/[/?#].*$/, '');
    name(bare, null);
    name(bare.replace(/:\d+$/, ''), null);
  };
  name(verdict.target.host, null);
  name(`${verdict.target.host}:${verdict.target.port}`, null);
  for (const hop of [...path.hops, ...path.others]) {
    name(hop.name, hop.hop);
    name(hop.kind, null);
    address(hop.address);
    for (const one of hop.listeners) address(one.address);
    for (const one of hop.instances) {
      name(one.name, hop.hop);
      for (const each of [one.https, one.http]) address(each);
    }
    for (const one of [...(hop.targets ?? []), ...(hop.endpoints ?? [])]) {
      name(one.name, hop.hop === 'load-balancer' ? null : hop.hop);
      address(one.address);
    }
  }
  const lines = [verdict.headline, ...verdict.says, ...verdict.cleared, verdict.onset?.at ?? ''];
  return {
    verdict,
    findings: Map.groupBy(verdict.findings, (finding) => finding.code),
    names,
    hopOf,
    numbers: numbersIn([...lines, String(verdict.target.port)]),
    nextStep: verdict.nextStep.toLowerCase(),
  };
}

/** Pure: the numbers of a finding: what it says, its facts and when it was seen. */
export function numbersOf(finding: Finding): Set<string> {
  return numbersIn([finding.says, finding.at, finding.address ?? '', ...flat(finding.facts)]);
}

/** Numbers as people repeat them: `1,204` as 1204, of a timestamp also its date and its `09:30`. */
function numbersIn(texts: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const text of texts) {
    for (const [whole] of text.slice(0, 4000).matchAll(/\d+(?:[.,:]\d+)*/g)) {
      const number = whole.replaceAll(',', '');
      if (number.replace(/\D/g, '').length <= MAX_DIGITS) found.add(number);
      const time = /^(\d\d?:\d\d):\d\d(?:\.\d+)?$/.exec(number);
      if (time?.[1]) found.add(time[1]);
    }
    for (const [stamp] of text.slice(0, 4000).matchAll(/\d{4}-\d\d-\d\dT\d\d:\d\d/g)) {
      found.add(stamp.slice(0, 10));
      found.add(stamp.slice(11));
    }
  }
  return found;
}

/** Values of facts as texts, bounded: facts may hold whole tables. */
function flat(value: Json, depth = 0): string[] {
  if (typeof value === 'number' || typeof value === 'string') return [String(value)];
  if (value === null || typeof value === 'boolean' || depth > 3) return [];
  return Object.values(value)
    .slice(0, 50)
    .flatMap((one) => flat(one, depth + 1));
}
