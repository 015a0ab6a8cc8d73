import type { Blind } from './types.ts';
import { failure } from './wording.ts';

/** What a blind look says of itself, in parts: "edge-1: no error log is known; name it as errorLog:". */
interface Unseen {
  /** The instance, address or page that it is about; '' where the text names none at its beginning. */
  of: string;
  what: string;
  /** What would let it be seen; '' where nothing is said. */
  how: string;
}

/** More of a configuration than a sentence bears. */
const LONG_ASIDE = / \([^()]{60,}\)/g;
/** Instances that are named before the others are counted. */
const NAMED = 3;

/** A request of the API server's own, whose address tells a reader nothing; and an error code in words. */
const readable = (what: string): string =>
  what
    .replace(/: Get "[^"]{0,500}": /, ': ')
    .replace(/: (E[A-Z]{3,20}|TIMEOUT)$/, (_, code) => `: ${failure(code, null, null)}`);

/** Pure: a detail of a blind look in its parts; whatever it holds, no part is lost but the colon of a key at its end. */
export function unseenIn(detail: string): Unseen {
  const cut = detail.indexOf('; ');
  const said = readable(cut < 0 ? detail : detail.slice(0, cut));
  const how = cut < 0 ? '' : detail.slice(cut + 2).replace(/:$/, '');
  const named = /^(\S{1,200})(?:: | (?=is not covered ))/.exec(said);
  return named ? { of: named[1] as string, what: said.slice(named[0].length), how } : { of: '', what: said, how };
}

function list(names: string[]): string {
  const shown = names.length > NAMED + 1 ? names.slice(0, NAMED) : names;
  const rest = names.length - shown.length;
  const all = rest > 0 ? [...shown, `${rest} more`] : shown;
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

/** The key of the inventory that would let it be seen: two looks that one key would serve miss one thing. */
const keyOf = (how: string): string => /\b([a-z]+[A-Z]?[a-z]*):(?=$|[\s,)])/.exec(`${how}:`)?.[1] ?? how;

/**
 * Pure: what was not seen, each thing once for all whom it is missing of, at most `most` of them, then how many more there are, and
 * the one line that would let it be seen next time, unless the next step says it (`withHow` false). '' where nothing was missed. Without the full stop of a last sentence's key.
 */
export function unseenText(blind: readonly Pick<Blind, 'detail'>[], most: number, withHow = true): string {
  const missed = new Map<string, Unseen>();
  for (const { detail } of blind) {
    const one = unseenIn(detail);
    const same = one.how ? `${one.of} ${keyOf(one.how.replace(LONG_ASIDE, ''))}` : detail;
    if (one.of === '' || !missed.has(same)) missed.set(one.of === '' ? detail : same, one);
  }
  const things = [...Map.groupBy(missed.values(), ({ what, how }) => `${what};${how}`).values()];
  if (things.length === 0) return '';
  const said = things.slice(0, most).map((same) => {
    const [{ of, what }] = same as [Unseen, ...Unseen[]];
    if (of === '') return { of: '', text: what };
    const text = same.length > 1 ? what.replace(/^its /, 'their ').replace(/^is /, 'are ') : what;
    return { of: `${list(same.map((one) => one.of))}${/^(is|are) not covered/.test(text) ? ' ' : ': '}`, text };
  });
  const parts = [...Map.groupBy(said, ({ of, text }) => of || text)].map(
    ([, same]) => `${same[0]?.of}${same.map(({ text }) => text).join(', ')}`,
  );
  const more = things.length > most ? `; and ${things.length - most} more` : '';
  const how = things.find(([one]) => one?.how)?.[0]?.how.replace(LONG_ASIDE, '') ?? '';
  return `${parts.join('; ')}${more}.${how && withHow ? ` To have it seen: ${how}.` : ''}`;
}

/** What a next step begins with that asks for a look that was blind. */
export const SEE_MORE = 'Let me see more';

/** Pure: a blind look as the next step: what is missing, then what to do about it. */
export function seeMore(detail: string): string {
  const { of, what, how } = unseenIn(detail);
  const missing = of === '' ? what : `${of}${what.startsWith('is not covered') ? ' ' : ': '}${what}`;
  return how ? `${SEE_MORE} (${missing}): ${how}.` : `${SEE_MORE}: ${missing}.`;
}
