import { type Directive, find } from './nginx-config.ts';

/** Longer patterns, or ones that repeat what repeats, may take for ever: they are not tried. */
const safePattern = (pattern: string): boolean => pattern.length <= 300 && !/[+*}]\)?[+*{]|\)[+*{]/.test(pattern);

function matches(pattern: string, text: string, flags = ''): boolean {
  if (!safePattern(pattern)) return false;
  try {
    return new RegExp(pattern, flags).test(text);
  } catch {
    return false; // PCRE that JavaScript does not share
  }
}

/** How well a `server_name` fits: exact, `*.x`, `x.*`, regex, in this order, longer ones first (nginx: server_names.html). */
function fit(name: string, host: string): number {
  const lower = name.toLowerCase();
  if (lower === host) return 4_000;
  if (lower.startsWith('*.') && host.endsWith(lower.slice(1))) return 3_000 + lower.length;
  if (lower.startsWith('.') && (host === lower.slice(1) || host.endsWith(lower))) return 3_000 + lower.length;
  if (lower.endsWith('.*') && host.startsWith(lower.slice(0, -1))) return 2_000 + lower.length;
  if (name.startsWith('~') && matches(name.slice(1), host)) return 1_000;
  return 0;
}

const PASSES = /^(proxy|grpc|fastcgi|uwsgi|scgi)_pass$/;

/** What a block passes requests on with, its own locations included: `proxy_pass`, `grpc_pass`, ...; null: nothing. */
export function passOf(block: Directive[]): Directive | null {
  for (const d of block) {
    if (PASSES.test(d.name)) return d;
    const inner = d.block ? passOf(d.block) : null;
    if (inner) return inner;
  }
  return null;
}

/** The blocks that hold for a request, innermost first: what an inner one does not say, the next one does. */
export interface Scope {
  chain: Directive[][];
  server: Directive;
  /** How it came to be chosen: a name that fits, or only as the default. */
  named: boolean;
}

/** `location` for a path (nginx: ngx_http_core_module, location): exact, longest prefix (`^~` ends it), regexes in order. */
function locationsFor(block: Directive[], path: string): Directive[] {
  const locations = block.filter((d) => d.name === 'location' && d.block);
  let prefix: Directive | null = null;
  for (const one of locations) {
    const [first = '', second] = one.args;
    if (first === '=' && second === path) return [one];
    const plain = first === '^~' ? second : /^(=|~\*?)$/.test(first) || first.startsWith('@') ? undefined : first;
    const longest = prefix?.args.at(-1)?.length ?? -1;
    if (plain !== undefined && path.startsWith(plain) && plain.length > longest) prefix = one;
  }
  const within = (one: Directive): Directive[] => [...locationsFor(one.block ?? [], path), one];
  if (prefix?.args[0] !== '^~') {
    const regex = locations.find(
      (one) => /^~\*?$/.test(one.args[0] ?? '') && matches(one.args[1] ?? '', path, one.args[0] === '~*' ? 'i' : ''),
    );
    if (regex) return within(regex);
  }
  return prefix ? within(prefix) : [];
}

/** The innermost location of a block that passes requests on, with those around it. */
function passingLocation(block: Directive[]): Directive[] {
  for (const one of block) {
    if (one.name !== 'location' || !one.block || !passOf(one.block)) continue;
    return [...passingLocation(one.block), one];
  }
  return [];
}

/**
 * Pure: the `http` server that takes a host, and its location for a path; where that one passes nothing on, the first
 * that does. Of several servers of the name the one that passes requests on. null: no http server at all.
 */
export function httpScope(directives: Directive[], host: string, path = '/'): Scope | null {
  const https = directives.filter((d) => d.name === 'http' && d.block);
  // A file that is itself included in an http block has its servers at the top.
  const homes = https.length ? https.map((d) => d.block as Directive[]) : [directives];
  let best: { home: Directive[]; server: Directive; rank: number } | null = null;
  for (const home of homes) {
    for (const server of home) {
      if (server.name !== 'server' || !server.block) continue;
      let rank = 0;
      let isDefault = false;
      for (const d of server.block) {
        if (d.name === 'server_name') for (const name of d.args) rank = Math.max(rank, fit(name, host));
        else if (d.name === 'listen') isDefault ||= d.args.includes('default_server') || d.args.includes('default');
      }
      rank = (rank || (isDefault ? 2 : 1)) * 2 + (passOf(server.block) ? 1 : 0);
      if (!best || rank > best.rank) best = { home, server, rank };
    }
  }
  if (!best) return null;
  const block = best.server.block as Directive[];
  let locations = locationsFor(block, path);
  if (!locations[0]?.block || !passOf(locations[0].block)) {
    const passing = passingLocation(block);
    if (passing.length) locations = passing;
  }
  const chain = [...locations.map((d) => d.block as Directive[]), block, best.home];
  return { chain, server: best.server, named: best.rank >= 2_000 };
}

/** The nearest directive of a name; the last one where a block has several. */
export function nearest(chain: Directive[][], name: string): Directive | null {
  for (const block of chain) {
    const found = block.findLast((d) => d.name === name);
    if (found) return found;
  }
  return null;
}

/** `file:line` of a directive. */
export const whereOf = (d: Directive): string => `${d.file ?? 'configuration'}:${d.line}`;

/** All blocks of a name below some context (`http`, `stream`), at any depth. */
export const blocksOf = (directives: Directive[], context: string, name: string): Directive[] =>
  directives
    .filter((d) => d.name === context && d.block)
    .flatMap((d) => [...find(d.block as Directive[], name)])
    .filter((d) => d.block !== null);
