import { type Inventory, knownHosts } from '../../proxy/inventory/inventory.ts';

/** What people call a host: its aliases, its first label, its service's name; also misspelt, also with a case ending. */

interface Found {
  host: string;
  at: number;
  end: number;
}

/** First labels that are everyday words: they name a host only as an alias. */
export const EVERYDAY: ReadonlySet<string> = new Set(
  'www app web dev test prod production stage staging live new old my it go me us home help edge proxy node ingress data file files server service services internal public demo beta backend frontend host site page main the user users team work default cloud core base one time'.split(
    ' ',
  ),
);
/** Endings that Czech, Slovak and Polish hang onto a name, and the English plural and possessive. */
const ENDINGS = "(?:'?s|u|em|ie|owi|ovi|ou|om|y|a)?";
/** What may hang on a name with a hyphen: "Metabase-Server", "wiki-page". */
const HANGERS =
  '(?:-(?:server|seite|page|site|login|host|url|ui|app|api|frontend|backend|cluster|instance|instanz|portal|web))?';

/** Scripts that are written without spaces. */
const SIGNS = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]/;

const bare = (name: string): string => name.replace(/[\u0080-\uffff]/g, (letter) => letter.normalize('NFD').charAt(0));
const literally = (word: string): string => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/[ _-]+/g, '[ _-]?');

/** Every name that leads to exactly one host, longest first. */
function namesOf(inventory: Inventory): [name: string, host: string][] {
  const names = new Map<string, string | null>();
  const offer = (name: string, host: string): void => {
    const known = names.get(name);
    if (known === undefined) names.set(name, host);
    else if (known !== host) names.set(name, null);
  };
  for (const host of knownHosts(inventory)) {
    const label = host.split('.')[0] ?? '';
    if (label.length >= 3 && !EVERYDAY.has(label)) offer(label, host);
  }
  for (const { host, via } of inventory.routes) {
    const last = via.at(-1);
    const hop = last === undefined ? undefined : inventory.hops[last];
    if (last && hop?.hop === 'service' && !host.includes('*')) {
      const name = last.split('/').at(-1) ?? last;
      if (name.length >= 4 && !EVERYDAY.has(name)) offer(name, host);
    }
  }
  // Texts are read without accents, so aliases are too: "Bürgerportal".
  for (const [alias, host] of Object.entries(inventory.aliases)) names.set(bare(alias), host);
  return [...names]
    .filter((entry): entry is [string, string] => entry[1] !== null && entry[0].trim().length >= 2)
    .sort((a, b) => b[0].length - a[0].length);
}

/** Compiled once for each inventory. */
const compiled = new WeakMap<Inventory, { pattern: RegExp; host: string; name: string }[]>();

function patternsOf(inventory: Inventory): { pattern: RegExp; host: string; name: string }[] {
  const before = compiled.get(inventory);
  if (before) return before;
  const patterns = namesOf(inventory).map(([name, host]) => {
    // "The drivers" are people where "driver" is a host.
    const endings = /(?:er|or)$/i.test(name) ? ENDINGS.replace("'?s", "'s") : ENDINGS;
    const tail = name.length >= 4 && /[a-z]$/i.test(name) ? `${endings}${HANGERS}` : "(?:'s|s')?";
    // The last vowel gives way to a case ending: "grafanou", "s wikou".
    const stem =
      name.length >= 6 && /[aeo]$/i.test(name)
        ? `${literally(name.slice(0, -1))}(?:${name.slice(-1)}${tail}|ou|u|y|ie|e|om|ach)`
        : literally(name) + tail;
    // Signs have no spaces around them: "ポータルに".
    const edges = SIGNS.test(name)
      ? ['', '']
      : ['(?<![\\p{L}\\p{N}_.#@-])(?<!(?:^|[^\\p{L}\\p{N}_])\\/)', '(?![\\p{L}\\p{N}_-]|\\.\\p{L})'];
    return { pattern: new RegExp(`${edges[0]}${stem}${edges[1]}`, 'giu'), host, name };
  });
  compiled.set(inventory, patterns);
  return patterns;
}

/** Pure: the names in a text, each where it stands first; a longer name takes its words from shorter ones. */
export function namesIn(text: string, inventory: Inventory): Found[] {
  const found: Found[] = [];
  for (const { pattern, host } of patternsOf(inventory)) {
    let count = 0;
    for (const match of text.matchAll(pattern)) {
      const [at, end] = [match.index, match.index + match[0].length];
      // A command, not the service: "git checkout".
      if (/\bgit $/i.test(text.slice(Math.max(0, at - 4), at))) continue;
      if (found.some((other) => at < other.end && other.at < end)) continue;
      found.push({ host, at, end });
      if (++count === 20) break;
    }
  }
  return found;
}

/** Whether two words differ by one letter: one more, one less, another, or two swapped. */
function nearlySame(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  const [x, y] = [a.slice(i), b.slice(i)];
  if (x.slice(1) === y.slice(1) || x.slice(1) === y || x === y.slice(1)) return true;
  return x.length > 1 && x[0] === y[1] && x[1] === y[0] && x.slice(2) === y.slice(2);
}

/** Whether two neighbouring letters of a short name were swapped, none of them the first: "jria", "wsm". */
function swapped(word: string, name: string): boolean {
  return (
    word.length === name.length &&
    word.length >= 3 &&
    word[0] === name[0] &&
    nearlySame(word, name) &&
    [...word].sort().join('') === [...name].sort().join('')
  );
}

/** English words that are one letter away from names that hosts often have. */
const REAL_WORDS = new Set(
  'from form trial trail unite untie sign sing lost slot quite quiet claim calm blot bolt clam cart crat filling willing killing stores score shops metabolic grabbing status statuses stating statics tickets'.split(
    ' ',
  ),
);

/** Pure: names with one wrong letter ("metabse", "grafna") from six letters up, shorter ones with two swapped; the first letter is right. */
export function likelyNames(text: string, inventory: Inventory): Found[] {
  const names = patternsOf(inventory).filter(({ name }) => name.length >= 3 && /^[\w-]+$/.test(name));
  const found: Found[] = [];
  let words = 0;
  for (const match of text.toLowerCase().matchAll(/(?<![\w.#@/-])[a-z][a-z-]{2,24}(?![\w.-]*\w)/g)) {
    if (++words > 300) break;
    const word = match[0];
    if (REAL_WORDS.has(word)) continue;
    const like = names.find(
      ({ name }) =>
        name !== word &&
        (name.length >= 6 ? name[0] === word[0] && nearlySame(word, name) : swapped(word, name.toLowerCase())),
    );
    if (like) found.push({ host: like.host, at: match.index, end: match.index + word.length });
  }
  return found;
}
