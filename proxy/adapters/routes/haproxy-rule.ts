import { fits } from './pattern.ts';

/** What a condition is asked about: the request, and whether its frontend ends TLS (null: some of its ports do). */
export interface Asked {
  host: string;
  path: string;
  tls: boolean | null;
}

/** true, false, or null where it hangs on what we do not know (sources, headers, files, maps). */
export type Taken = boolean | null;

const HOST = /^(req\.)?(hdr|fhdr)(_\w+)?\(host\b|^(req\.ssl_sni|req_ssl_sni|ssl_fc_sni)(_\w+)?$/i;
const PATH = /^(path|base)(_\w+)?$/;
const METHODS = ['beg', 'end', 'dom', 'dir', 'sub', 'reg', 'str'];

function compare(method: string, value: string, wanted: string): Taken {
  switch (method) {
    case 'beg':
      return value.startsWith(wanted);
    case 'end':
      return value.endsWith(wanted);
    case 'sub':
      return value.includes(wanted);
    case 'dom':
      return `.${value}.`.includes(`.${wanted.replace(/^\.|\.$/g, '')}.`);
    case 'dir':
      return `/${value}/`.includes(`/${wanted.replace(/^\/|\/$/g, '')}/`);
    case 'reg':
      return fits(wanted, value, 'i');
    default:
      return value === wanted;
  }
}

const not = (taken: Taken): Taken => (taken === null ? null : !taken);

/** One ACL's words after its name (haproxy: doc/configuration.txt section 7.1): fetch, flags, patterns. */
function aclTaken(words: string[], asked: Asked): { taken: Taken; about: 'host' | 'pattern' | 'other' } {
  const [fetch = '', ...rest] = words;
  if (/^ssl_fc$/.test(fetch)) return { taken: asked.tls, about: 'other' };
  const isHost = HOST.test(fetch);
  const isPath = !isHost && PATH.test(fetch.replace(/,.*$/, ''));
  if (!isHost && !isPath) return { taken: null, about: 'other' };
  let method = METHODS.find((one) => new RegExp(`^[\\w.]+_${one}\\b`).test(fetch)) ?? 'str';
  const patterns: string[] = [];
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] as string;
    if (word === '-m') method = rest[++i] ?? method;
    else if (word === '-f' || word === '-M') return { taken: null, about: isHost ? 'pattern' : 'other' };
    else if (word === '--') {
      patterns.push(...rest.slice(i + 1));
      break;
    } else if (!/^-[iun]$/.test(word)) patterns.push(word);
  }
  const value = isHost ? asked.host : (asked.path.split(/[?#]/)[0] ?? asked.path);
  const answers = patterns.map((one) => compare(method, value, isHost && method !== 'reg' ? one.toLowerCase() : one));
  const taken = answers.includes(true) ? true : answers.includes(null) ? null : false;
  return { taken, about: isHost ? (method === 'str' ? 'host' : 'pattern') : 'other' };
}

/** The ACLs of a section, each name with all its lines: one of them is enough. */
export type Acls = Map<string, string[][]>;

/** Does `if …` or `unless …` hold? Terms are ANDed, `||` and `or` divide, `!` negates, `{ … }` is an ACL without a name. */
export function conditionTaken(
  words: string[],
  acls: Acls,
  asked: Asked,
): { taken: Taken; covers: 'host' | 'pattern' | 'any' } {
  const at = words.findIndex((word) => word === 'if' || word === 'unless');
  if (at === -1) return { taken: true, covers: 'any' };
  const terms = words.slice(at + 1);
  let covers: 'host' | 'pattern' | 'any' = 'any';
  let whole: Taken = false;
  let part: Taken = true;
  let negated = false;
  const close = (): void => {
    whole = whole === true || part === true ? true : whole === null || part === null ? null : false;
    part = true;
  };
  for (let i = 0; i < terms.length; i++) {
    let term = terms[i] as string;
    if (term === '||' || term === 'or') {
      close();
      continue;
    }
    while (term.startsWith('!')) {
      negated = !negated;
      term = term.slice(1);
    }
    if (term === '') continue;
    let lines: string[][];
    if (term === '{') {
      const end = terms.indexOf('}', i);
      lines = [terms.slice(i + 1, end === -1 ? undefined : end)];
      i = end === -1 ? terms.length : end;
    } else lines = acls.get(term) ?? [];
    const answers = lines.map((line) => aclTaken(line, asked));
    const hit = answers.find((answer) => answer.taken === true) ?? answers.find((answer) => answer.taken === null);
    const taken: Taken = lines.length === 0 ? null : hit ? hit.taken : false;
    const answer = negated ? not(taken) : taken;
    if (answer !== false && !negated && hit && hit.about !== 'other' && covers !== 'host')
      covers = hit.about === 'host' ? 'host' : 'pattern';
    part = part === false || answer === false ? false : part === null || answer === null ? null : true;
    negated = false;
  }
  close();
  return { taken: words[at] === 'unless' ? not(whole) : whole, covers };
}
