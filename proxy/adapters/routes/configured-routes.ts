import { readFile } from 'node:fs/promises';
import { BlindLook, type ProxyRoutes } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import { haproxyLines } from '../../config/haproxy-bag.ts';
import { type Directive, find, loadNginx } from '../../config/nginx-config.ts';

const MATCHED = 10;

/** Does an nginx server_name cover the host (ngx_http_core_module, server_name: exact, `*.x`, `.x`, `x.*`, regex)? */
function nameCovers(name: string, host: string): boolean {
  if (name.startsWith('~')) {
    try {
      return new RegExp(name.slice(1)).test(host);
    } catch {
      return false; // PCRE that JavaScript does not share
    }
  }
  if (name.startsWith('*.')) return host.endsWith(name.slice(1));
  if (name.startsWith('.')) return host === name.slice(1) || host.endsWith(name);
  if (name.endsWith('.*')) return host.startsWith(name.slice(0, -1));
  return name === host;
}

/** Where a server block sends requests: the first proxy_pass in it. */
const target = (server: Directive): string | null => [...find(server.block ?? [], 'proxy_pass')][0]?.args[0] ?? null;

async function nginxRoutes(config: string, host: string): Promise<ProxyRoutes> {
  const directives = await loadNginx(config).catch((error: Error) => {
    throw new BlindLook('unreadable', error.message, { cause: error });
  });
  const servers = [...find(directives, 'server')].filter((server) => server.block !== null);
  const names = (server: Directive): string[] =>
    (server.block ?? []).filter((d) => d.name === 'server_name').flatMap((d) => d.args);
  const matching = servers.filter((server) => names(server).some((name) => nameCovers(name.toLowerCase(), host)));
  const isDefault = (server: Directive): boolean =>
    (server.block ?? []).some(
      (d) => d.name === 'listen' && d.args.some((arg) => arg === 'default_server' || arg === 'default'),
    );
  // Without a name that fits, the default server takes the request, else the first: a route only if it leads somewhere.
  const fallback = servers.find(isDefault) ?? servers[0];
  const taking = matching.length === 0 && fallback && target(fallback) !== null ? [fallback] : matching;
  return {
    source: config,
    matching: taking.slice(0, MATCHED).map((server) => ({
      name: `server ${names(server).join(' ')}`,
      rule: `line ${server.line}`,
      service: target(server),
      ok: true,
      error: null,
    })),
    total: servers.length,
  };
}

async function haproxyRoutes(config: string, host: string): Promise<ProxyRoutes> {
  const text = await readFile(config, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new BlindLook(error.code === 'EACCES' ? 'denied' : 'not-configured', `${config}: ${error.code}`, {
      cause: error,
    });
  });
  const lines = haproxyLines(text);
  const rules = lines.filter((line) =>
    /^(use_backend|default_backend|acl|http-request (redirect|return|use-service))\b/.test(line),
  );
  const named = rules.filter((line) => line.toLowerCase().includes(host) && !line.startsWith('default_backend'));
  // A map or an expression may know any host: then the file does not tell, and what it does is not guessed at.
  const anyone = rules.filter(
    (line) => line.startsWith('default_backend') || /^use_backend .*%\[|^use_backend \S+$/.test(line),
  );
  return {
    source: config,
    matching: [...named, ...anyone].slice(0, MATCHED).map((line) => ({
      name: line.slice(0, 120),
      rule: line.slice(0, 300),
      service: line.split(' ')[1] ?? null,
      ok: true,
      error: null,
    })),
    total: rules.length,
  };
}

/** Routes for a host as the proxy's own configuration file has them; what runs may be an older one. */
export function configuredRoutes(kind: string, instance: Instance, host: string): Promise<ProxyRoutes> {
  if (!instance.config)
    throw new BlindLook('not-configured', `${instance.name}: its configuration is not known; name the file as config:`);
  return kind === 'haproxy' || kind === 'haproxy-ingress'
    ? haproxyRoutes(instance.config, host)
    : nginxRoutes(instance.config, host);
}
