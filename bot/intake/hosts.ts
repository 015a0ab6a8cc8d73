import { isIP } from 'node:net';
import { splitAddress } from '../../diagnostics/io/address.ts';
import type { Target } from '../../diagnostics/types.ts';
import { type Inventory, knownHosts } from '../../proxy/inventory/inventory.ts';
import { hostMatches } from '../../proxy/inventory/path.ts';
import type { PlainText } from './plain-text.ts';

/** A place that a text names: what nobody said is null. */
export interface Named {
  host: string;
  port: number | null;
  path: string;
  scheme: Target['scheme'] | null;
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
  /(?<![\w@.-])((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9])(?::(\d{2,5}))?(\/[^\s"'`<>)\]]*)?(?![\w@])/gi;

/** Someone else's sites that turn up in reports without being their subject. */
const REFERENCES =
  /(^|\.)(slack\.com|github\.com|gitlab\.com|stackoverflow\.com|google\.com|giphy\.com|youtube\.com|zoom\.us|atlassian\.net|wikipedia\.org)$/;

const isKnown = (inventory: Inventory, host: string): boolean =>
  knownHosts(inventory).includes(host) ||
  inventory.routes.some((r) => hostMatches(r.host, host)) ||
  (inventory.allow ?? []).some((p) => !isIP(p.split('/')[0] ?? '') && hostMatches(p.toLowerCase(), host));

function fromLink(link: string): Named | null {
  if (!URL.canParse(link)) return null;
  const url = new URL(link);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, '');
  const path = `${url.pathname}` || '/';
  return { host, port: url.port ? Number(url.port) : null, path, scheme: url.protocol === 'https:' ? 'https' : 'http' };
}

/** Words of a text that are aliases, longest first, each with where it stands. */
function aliasesIn(text: string, inventory: Inventory): { at: number; host: string }[] {
  const found: { at: number; host: string }[] = [];
  const escaped = (word: string): string => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/[ _-]+/g, '[ _-]?');
  for (const [alias, host] of Object.entries(inventory.aliases)) {
    const at = text.search(new RegExp(`(?<![\\w.-])${escaped(alias)}(?:'s|s')?(?![\\w-]|\\.\\w)`, 'i'));
    if (at !== -1) found.push({ at, host });
  }
  return found;
}

/** First labels of known hosts count as names too ("metabase" for metabase.example.test) where they are unmistakable. */
function shortNames(text: string, inventory: Inventory): { at: number; host: string }[] {
  const byLabel = Map.groupBy(knownHosts(inventory), (host) => host.split('.')[0] ?? '');
  const found: { at: number; host: string }[] = [];
  for (const [label, hosts] of byLabel) {
    if (label.length < 4 || hosts.length > 1 || label === 'www') continue;
    const at = text.search(new RegExp(`(?<![\\w.-])${label.replace(/[^\w-]/g, '')}(?:'s)?(?![\\w-]|\\.\\w)`, 'i'));
    if (at !== -1) found.push({ at, host: hosts[0] as string });
  }
  return found;
}

/**
 * Pure: the places that a text names, in its order: links and hosts as written, then aliases and short names. Known
 * hosts come first; a stranger counts only when nothing known is named.
 */
export function placesIn({ text, links }: PlainText, inventory: Inventory): Named[] {
  const found: (Named & { at: number; known: boolean })[] = [];
  const add = (named: Named, at: number): void => {
    const same = found.find((other) => other.host === named.host);
    if (!same) found.push({ ...named, at, known: isKnown(inventory, named.host) });
    else if (same.path === '/' && named.path !== '/')
      Object.assign(same, { path: named.path, port: named.port ?? same.port, scheme: named.scheme ?? same.scheme });
  };
  for (const link of links) {
    const named = fromLink(link);
    const at = text.indexOf(link);
    if (named && (isKnown(inventory, named.host) || !REFERENCES.test(named.host))) add(named, at === -1 ? 0 : at);
  }
  for (const match of text.matchAll(HOST_LIKE)) {
    const host = (match[1] as string).toLowerCase();
    const ending = host.split('.').at(-1) as string;
    const known = isKnown(inventory, host);
    if (!known && (FILE_ENDINGS.has(ending) || !HOST_ENDINGS.test(host) || REFERENCES.test(host))) continue;
    const port = match[2] ? Number(match[2]) : null;
    add(
      {
        host,
        port: port === 443 || port === 80 ? port : port,
        path: (match[3] ?? '/').split(/[?#]/)[0] || '/',
        scheme: null,
      },
      match.index,
    );
  }
  for (const { at, host } of [...aliasesIn(text, inventory), ...shortNames(text, inventory)])
    add({ host, port: null, path: '/', scheme: null }, at);
  const known = found.filter((f) => f.known);
  return (known.length ? known : found)
    .sort((a, b) => a.at - b.at)
    .map(({ host, port, path, scheme }) => ({ host, port, path, scheme }));
}

/** A TARGET as the command line takes it: URL, host or host:port, an alias too. Null when it is none of them. */
export function placeOf(target: string, inventory: Inventory): Named | null {
  if (/^https?:\/\//i.test(target)) return fromLink(target);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(target)) return null;
  const [authority = '', ...rest] = target.split('/');
  const parts = splitAddress(authority);
  if (!parts) return null;
  const host = inventory.aliases[parts.host.toLowerCase()] ?? parts.host.toLowerCase();
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
