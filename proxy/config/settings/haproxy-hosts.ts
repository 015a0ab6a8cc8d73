import { type HaproxyLine, type HaproxySection, lineOf } from '../haproxy-config.ts';

/** Fetches of the requested host or server name (haproxy: doc/configuration.txt section 7). */
const HOST =
  /(?:hdr|req\.hdr|hdr_dom|hdr_beg|hdr_end|req\.fhdr)\(host|ssl_fc_sni|req[._]ssl_sni|hdr_(?:end|beg|dom|reg|sub)\(host/i;

type Match = 'yes' | 'no' | 'maybe';

/** Does one ACL expression (`hdr(host) -i a.test b.test`) cover the host? `maybe`: it is about something else, or a file. */
function covers(words: string[], host: string): Match {
  const [fetch = '', ...rest] = words;
  if (!HOST.test(fetch)) return 'maybe';
  let method = /hdr_(dom|beg|end|reg|sub)|_(dom|beg|end|reg|sub)$/.exec(fetch)?.[1] ?? 'str';
  const patterns: string[] = [];
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] as string;
    if (word === '-f' || word === '-M') return 'maybe';
    if (word === '-m') method = rest[++i] ?? method;
    else if (word !== '-i' && word !== '--') patterns.push(word.toLowerCase());
  }
  const fits = (pattern: string): boolean => {
    const bare = pattern.replace(/:\d+$/, '');
    if (method === 'beg') return host.startsWith(bare);
    if (method === 'end') return host.endsWith(bare);
    if (method === 'sub' || method === 'reg') return host.includes(bare);
    if (method === 'dom') return `.${host}.`.includes(`.${bare.replace(/^\.|\.$/g, '')}.`);
    return host === bare;
  };
  if (patterns.some(fits)) return 'yes';
  return method === 'reg' ? 'maybe' : 'no';
}

/** Terms of a condition, `{ … }` in one piece; `or` and `||` begin an alternative. */
function alternatives(condition: string[]): { words: string[]; not: boolean }[][] {
  const all: { words: string[]; not: boolean }[][] = [[]];
  for (let i = 0; i < condition.length; i++) {
    const word = condition[i] as string;
    if (word === 'or' || word === '||') all.push([]);
    else if (word === '{' || word === '!{') {
      const end = condition.indexOf('}', i);
      const words = condition.slice(i + 1, end === -1 ? undefined : end);
      all.at(-1)?.push({ words, not: word.startsWith('!') || condition[i - 1] === '!' });
      i = end === -1 ? condition.length : end;
    } else if (word !== '!') {
      const not = word.startsWith('!') || condition[i - 1] === '!';
      all.at(-1)?.push({ words: [word.replace(/^!/, '')], not });
    }
  }
  return all;
}

function holds(acls: Map<string, HaproxyLine[]>, condition: string[], host: string): Match {
  const acl = (name: string): Match => {
    const found = (acls.get(name) ?? []).map((line) => covers(line.words.slice(2), host));
    return found.includes('yes') ? 'yes' : found.includes('maybe') || found.length === 0 ? 'maybe' : 'no';
  };
  const each = alternatives(condition).map((terms): Match => {
    const met = terms.map(({ words, not }): Match => {
      const found = words.length > 1 ? covers(words, host) : acl(words[0] ?? '');
      return !not || found === 'maybe' ? found : found === 'yes' ? 'no' : 'yes';
    });
    return met.includes('no') ? 'no' : met.includes('yes') ? 'yes' : 'maybe';
  });
  return each.includes('yes') ? 'yes' : each.includes('maybe') ? 'maybe' : 'no';
}

/**
 * Pure: backends that a frontend (or listen) may send the host to. `named`: a rule names the host. `any`: a map or an
 * expression decides, so the file does not tell.
 */
export function backendsOf(section: HaproxySection, host: string): { names: string[]; named: boolean; any: boolean } {
  const possible: string[] = [];
  const acls = Map.groupBy(
    section.lines.filter(({ words }) => words[0] === 'acl'),
    ({ words }) => words[1] ?? '',
  );
  for (const { words } of section.lines) {
    if (words[0] !== 'use_backend') continue;
    const at = words.findIndex((word) => word === 'if' || word === 'unless');
    const found = at === -1 ? 'maybe' : holds(acls, words.slice(at + 1), host);
    const match = words[at] !== 'unless' || found === 'maybe' ? found : found === 'yes' ? 'no' : 'yes';
    if (match === 'no') continue;
    if (/%\[/.test(words[1] ?? '')) return { names: possible, named: false, any: true };
    if (match === 'yes') return { names: [...possible, words[1] ?? ''], named: true, any: false };
    possible.push(words[1] ?? '');
  }
  const fallback = lineOf(section, 'default_backend')?.words[1];
  return { names: fallback ? [...possible, fallback] : possible, named: false, any: false };
}
