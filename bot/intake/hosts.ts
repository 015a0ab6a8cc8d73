import { isIP } from 'node:net';
import { splitAddress } from '../../diagnostics/io/address.ts';
import type { Target } from '../../diagnostics/types.ts';
import { type Inventory, knownHosts } from '../../proxy/inventory/inventory.ts';
import { hostMatches } from '../../proxy/inventory/path.ts';
import { asideMentions } from './asides.ts';
import { likelyNames, namesIn } from './names.ts';
import type { PlainText } from './plain-text.ts';
import { sharedNameIn } from './which.ts';

/** A place that a text names: what nobody said is null. */
export interface Named {
  host: string;
  port: number | null;
  path: string;
  scheme: Target['scheme'] | null;
}

/** Where in the text a place is named. */
export interface Mention {
  host: string;
  at: number;
  end: number;
  /** Its whole address, where one is written. */
  url: string | null;
}

/** Endings that make a word a file or a package, never a host. */
const FILE_ENDINGS = new Set(
  'js ts mjs cjs tsx jsx py go rb java kt class php rs c h cc cpp so jar exe sh ps1 yaml yml json toml xml conf cfg ini log txt md html htm css png jpg gif svg pdf csv zip gz tar pem crt key sql lock map'.split(
    ' ',
  ),
);
/** Endings of hosts that people really use at work; other names must be known or allowed. */
const HOST_ENDINGS =
  /\.(test|local|internal|lan|corp|intra|home|example|com|net|org|io|dev|app|cloud|eu|de|cz|at|ch|fr|uk|us|pl|sk|nl|it|es|se|no|fi|dk|be|info|biz|tech|shop|co|ai|me)$/;
const HOST_LIKE =
  /(?<![\w@.-])((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,10}[a-z][a-z0-9-]{0,61}[a-z0-9])(?::(\d{2,5}))?(\/[^\s"'`<>)\]|]{0,2000})?(?![\w@])/gi;
/** Packages of Java, .NET and Python look like hosts: "sun.security.ssl", "System.Net.Http". */
const PACKAGE =
  /^(?:(?:com|org|net|io|sun|java|javax|jdk|kotlin|scala|system|microsoft|requests|urllib3|http|ssl)\.){1,2}/i;

const SIGNS = '[\\u3040-\\u30ff\\u3400-\\u9fff\\uac00-\\ud7a3]';
/** A sign of Chinese, Japanese or Korean right beside a letter. */
const SIGN_BESIDE = new RegExp(`(?<=[A-Za-z0-9])${SIGNS}|${SIGNS}(?=[A-Za-z0-9])`, 'g');

/** Someone else's sites that turn up in reports without being their subject. */
const REFERENCES =
  /(^|\.)(slack\.com|github\.com|gitlab\.com|stackoverflow\.com|google\.com|giphy\.com|youtube\.com|zoom\.us|atlassian\.net|wikipedia\.org)$/;

/** A page that is named beside its host: "GET /orders", "502 on /reports", "(/catalogue?page=2)". */
const PATH_BESIDE =
  /(?:\b(?:GET|HEAD|on|at|under|open|opens|opening|page|endpoint|path|url|calling)\s+|[(`"'])(\/[a-z0-9][\w\-./~%]{0,200})/gi;
/** Folders of machines, which no host serves. */
const FOLDERS =
  /^\/(?:(?:var|etc|usr|opt|tmp|proc|srv|mnt|sys|s?bin|node_modules)(?:\/|$)|(?:app|home|dev|run|root|lib)\/)/;
/** What ends a sentence and no path. */
const ENDING = /[.,;:!?…]+$/;

/** Pure: the page that a text names beside its only host; null: none, or only files. */
function pageIn(text: string): string | null {
  for (const [, written = ''] of text.matchAll(PATH_BESIDE)) {
    const path = written.replace(ENDING, '');
    const ending = /\.([a-z]{1,5})$/i.exec(path)?.[1]?.toLowerCase();
    if (!FOLDERS.test(path) && !(ending && FILE_ENDINGS.has(ending))) return path;
  }
  return null;
}

const isKnown = (inventory: Inventory, known: readonly string[], host: string): boolean =>
  known.includes(host) ||
  inventory.routes.some((r) => hostMatches(r.host, host)) ||
  (inventory.allow ?? []).some((p) => !isIP(p.split('/')[0] ?? '') && hostMatches(p.toLowerCase(), host));

function fromLink(link: string): Named | null {
  if (!URL.canParse(link)) return null;
  const url = new URL(link);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, '');
  if (!/^[a-z0-9_.-]+$|^[0-9a-f:.]+$/.test(host)) return null;
  const path = url.pathname.replace(ENDING, '') || '/';
  return { host, port: url.port ? Number(url.port) : null, path, scheme: url.protocol === 'https:' ? 'https' : 'http' };
}

/** The whole name of a host whose beginning somebody wrote: "grafana.internal" for grafana.internal.example.test. */
function completed(host: string, known: readonly string[]): string {
  if (known.includes(host)) return host;
  const longer = known.filter((one) => one.startsWith(`${host}.`));
  return longer.length === 1 ? (longer[0] as string) : host;
}

/**
 * Pure: the places that a text names, in its order: links and hosts as written, then aliases and short names. Known
 * hosts come first; a stranger counts only when nothing known is named; a misspelt name, or a word that several hosts
 * share, only when nothing else is. `ambiguous`: hosts of which one is meant, and the text does not say which.
 */
export function placesIn(
  { text, links }: PlainText,
  inventory: Inventory,
): { places: Named[]; mentions: { at: number; end: number; known: boolean }[]; ambiguous: string[] } {
  const known = knownHosts(inventory);
  const found = new Map<string, Named & { at: number; known: boolean }>();
  const mentions: Mention[] = [];
  const add = (named: Named, at: number, end: number, url: string | null): void => {
    mentions.push({ host: named.host, at, end, url });
    const same = found.get(named.host);
    if (!same) found.set(named.host, { ...named, at, known: isKnown(inventory, known, named.host) });
    else if (same.path === '/' && named.path !== '/')
      Object.assign(same, { path: named.path, port: named.port ?? same.port, scheme: named.scheme ?? same.scheme });
  };
  for (const { url, shown } of links.slice(0, 100)) {
    const named = fromLink(url);
    const at = text.indexOf(shown);
    if (named && (isKnown(inventory, known, named.host) || !REFERENCES.test(named.host)))
      add(named, Math.max(at, 0), Math.max(at, 0) + shown.length, url);
  }
  for (const match of text.matchAll(HOST_LIKE)) {
    const host = completed((match[1] as string).toLowerCase(), known);
    const ending = host.split('.').at(-1) as string;
    if (!isKnown(inventory, known, host)) {
      if (FILE_ENDINGS.has(ending) || !HOST_ENDINGS.test(host) || REFERENCES.test(host) || PACKAGE.test(host)) continue;
    }
    const path = (match[3] ?? '/').split(/[?#]/)[0]?.replace(ENDING, '') || '/';
    add(
      { host, port: match[2] ? Number(match[2]) : null, path, scheme: null },
      match.index,
      match.index + match[0].length,
      match[0],
    );
    if (found.size > 50) break;
  }
  // Accents go, letter by letter, so that places stay ("portál"). Names inside mail addresses, links and hosts are parts of those.
  const bare = text
    .replace(/[\u0080-\uffff]/g, (letter) => letter.normalize('NFD').charAt(0))
    .replace(/[\w.+-]{1,64}@[\w.-]{1,200}/g, (whole) => ' '.repeat(whole.length))
    .replace(/\b(?:https?|wss?|grpc):\/\/\S{1,2000}/gi, (whole) => ' '.repeat(whole.length))
    .replace(HOST_LIKE, (whole) => ' '.repeat(whole.length))
    // "storeが": signs without spaces end a name.
    .replace(SIGN_BESIDE, ' ');
  const short = { port: null, path: '/', scheme: null };
  for (const { host, at, end } of namesIn(bare, inventory)) add({ host, ...short }, at, end, null);
  if (found.size === 0)
    for (const { host, at, end } of likelyNames(bare, inventory)) add({ host, ...short }, at, end, null);
  const shared = found.size === 0 ? sharedNameIn(bare, inventory) : null;
  if (shared) for (const host of shared.hosts) add({ host, ...short }, shared.at, shared.end, null);
  if (shared && shared.hosts.length > 1)
    return { places: [], mentions: [{ at: shared.at, end: shared.end, known: true }], ambiguous: shared.hosts };

  const anyKnown = [...found.values()].some((one) => one.known);
  const counted = mentions.filter(({ host }) => !anyKnown || found.get(host)?.known);
  const asides = asideMentions(text, counted);
  const meant = new Set(counted.filter((one) => !asides.has(one)).map(({ host }) => host));
  const places = [...found.values()].filter((one) => meant.has(one.host)).sort((a, b) => a.at - b.at);
  const [only, ...more] = places;
  if (only && more.length === 0 && only.path === '/') only.path = pageIn(text) ?? '/';
  return {
    places: places.map(({ host, port, path, scheme }) => ({ host, port, path, scheme })),
    mentions: counted.map(({ host, at, end }) => ({ at, end, known: found.get(host)?.known ?? false })),
    ambiguous: [],
  };
}

/** A TARGET as the command line takes it: URL, host or host:port, an alias too. Null when it is none of them. */
export function placeOf(target: string, inventory: Inventory): Named | null {
  if (/^https?:\/\//i.test(target)) return fromLink(target);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(target)) return null;
  const [authority = '', ...rest] = target.split('/');
  const parts = splitAddress(authority);
  if (!parts) return null;
  const said = parts.host.toLowerCase();
  const host = Object.hasOwn(inventory.aliases, said) ? (inventory.aliases[said] as string) : said;
  if (
    !isIP(host) &&
    !/^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.?$/.test(host)
  )
    return null;
  return {
    host: host.replace(/\.$/, ''),
    port: parts.port,
    path: rest.length ? `/${rest.join('/')}`.split(/[?#]/)[0] || '/' : '/',
    scheme: null,
  };
}
