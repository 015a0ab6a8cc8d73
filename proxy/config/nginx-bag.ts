import { createHash } from 'node:crypto';
import { type ConfigBag, put, SEPARATOR } from './difference.ts';
import { type Directive, TAKEN } from './nginx-config.ts';

/** Directives whose order among themselves decides what happens (rewrite module, access module, if): kept as one list. */
const ORDERED = new Set(['rewrite', 'set', 'if', 'return', 'break', 'allow', 'deny', 'rewrite_by_lua', 'sub_filter']);
/** Directives that may stand several times, each for its first argument. */
const BY_ARGUMENT = new Set([
  'proxy_set_header',
  'add_header',
  'more_set_headers',
  'fastcgi_param',
  'uwsgi_param',
  'grpc_set_header',
  'proxy_hide_header',
  'map',
  'geo',
  'log_format',
  'limit_req_zone',
  'limit_conn_zone',
  'proxy_cache_path',
  'error_page',
  'split_clients',
  'upstream',
  'types',
  'set_real_ip_from',
  'access_log',
  'error_log',
  'listen',
  'load_module',
  'env',
]);

const text = (d: Directive): string =>
  [d.name, ...d.args].join(' ') + (d.block ? ` { ${d.block.map(text).join(' ')} }` : ';');

/** Names of one kind of block in a parent, made unique by what tells them apart for nginx itself. */
function serverName(server: Directive): string {
  const of = (name: string): string[] =>
    (server.block ?? [])
      .filter((d) => d.name === name)
      .flatMap((d) => (name === 'listen' ? [d.args[0] ?? ''] : d.args));
  const names = of('server_name').sort();
  const listens = of('listen').sort();
  return `${names.join(' ') || '_'}${listens.length ? ` (${listens.join(', ')})` : ''}`;
}

/** Turns parsed configuration into a bag: endpoints, upstreams and servers without order, the rest as it matters. */
export function nginxBag(directives: Directive[], bag: ConfigBag = new Map()): ConfigBag {
  walk(directives, '', bag);
  return bag;
}

function walk(directives: Directive[], context: string, bag: ConfigBag): void {
  const inside = (name: string): string => (context ? `${context}${SEPARATOR}${name}` : name);
  const ordered: string[] = [];
  const regexes: string[] = [];
  for (const d of directives) {
    if (d.name === TAKEN) continue;
    if (ORDERED.has(d.name)) ordered.push(text(d));
    else if (d.name === 'upstream' && d.block) upstream(d, bag);
    else if (d.name === 'server' && d.block) {
      const name = inside(serverName(d));
      put(bag, 'server', name, '');
      walk(d.block, name, bag);
    } else if (d.name === 'location' && d.block) {
      const path = d.args.join(' ');
      if (/^~\*?( |$)/.test(path)) regexes.push(path);
      const name = inside(`location ${path}`);
      put(bag, 'location', name, '');
      walk(d.block, name, bag);
    } else if (d.block && ['http', 'stream', 'events', 'mail'].includes(d.name)) walk(d.block, context, bag);
    else if (d.block) put(bag, 'block', inside([d.name, ...d.args].join(' ')), d.block.map(text).sort().join(' '));
    else if (BY_ARGUMENT.has(d.name))
      put(bag, 'directive', inside(`${d.name} ${d.args[0] ?? ''}`), d.args.slice(1).join(' '));
    else put(bag, 'directive', inside(d.name), d.args.join(' '));
  }
  if (ordered.length) put(bag, 'directive', inside('rules in their order'), ordered.join('\n'));
  // The first regular expression that matches wins, so their order means something; that of prefixes does not.
  if (regexes.length > 1) put(bag, 'directive', inside('order of regex locations'), regexes.join(' | '));
}

function upstream(d: Directive, bag: ConfigBag): void {
  const name = d.args[0] ?? '';
  const rest = (d.block ?? [])
    .filter((one) => one.name !== 'server')
    .map(text)
    .sort();
  put(bag, 'upstream', name, rest.join(' '));
  for (const server of (d.block ?? []).filter((one) => one.name === 'server')) {
    put(bag, 'endpoint', `${name}${SEPARATOR}${server.args[0] ?? ''}`, [...server.args.slice(1)].sort().join(' '));
  }
}

/**
 * What tells two texts apart that differ in more than comments and white space: their words in their order. `named`
 * gives blocks that were taken the name that counts.
 */
export function nginxDigest(directives: Directive[], named?: (taken: string) => string): string {
  const hash = createHash('sha256');
  let chunk = '';
  const add = (block: Directive[]): void => {
    for (const d of block) {
      const args = named && d.name === TAKEN ? d.args.map(named) : d.args;
      chunk += `${d.name}\0${args.join('\0')}${d.block ? '\x01' : '\x02'}`;
      if (chunk.length > 65_536) {
        hash.update(chunk);
        chunk = '';
      }
      if (d.block) add(d.block);
      if (d.block) chunk += '\x03';
    }
  };
  add(directives);
  return hash.update(chunk).digest('hex');
}
