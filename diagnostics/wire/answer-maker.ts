import type { Attempt } from '../io/io.ts';

/**
 * Which proxy made an answer itself, told from the page it makes; null: nobody's own page, so most likely the
 * application's. Pages as measured on nginx 1.22, HAProxy 2.6, Traefik 3.7 and Envoy 1.40.
 */
export function whoMade(answer: Pick<Attempt, 'status' | 'headers' | 'body'>): string | null {
  const { status, headers, body } = answer;
  if (status === null || status < 300) return null;
  const type = headers['content-type'] ?? '';
  const titled = new RegExp(`<title>${status} [^<]+</title>`).test(body);
  if (titled && /<center>(nginx|openresty)/.test(body)) return 'nginx';
  if (titled && /<hr><center>/.test(body)) return 'nginx';
  if (/^<html><body><h1>\d{3} [\w -]+<\/h1>/.test(body) && !headers.server) return 'HAProxy';
  // Traefik 3 names no type for its 502 and 504 (measured on 3.7.9); whoever stands behind it names itself, or its type.
  const plain = type.startsWith('text/plain') || (type === '' && !headers.server && !headers['x-powered-by']);
  if (plain && TRAEFIK[status]?.test(body)) return 'Traefik';
  if (
    /^(no healthy upstream|upstream connect error|upstream request timeout)/.test(body) ||
    (headers.server === 'envoy' && body === '')
  )
    return 'Envoy';
  if (headers.server?.startsWith('awselb') && titled) return 'the AWS load balancer';
  if (headers['cf-ray'] && status >= 520 && status <= 527) return 'Cloudflare';
  if (headers.server === 'Caddy' && body === '' && status >= 500) return 'Caddy';
  return null;
}

/** What Traefik writes, to the letter: a Go application behind it that writes the same is asked directly too. */
const TRAEFIK: { [status: number]: RegExp } = {
  404: /^404 page not found\s*$/,
  502: /^Bad Gateway$/,
  503: /^no available server\s*$/,
  504: /^Gateway Timeout$/,
  429: /^(Too Many Requests|429 Too Many Requests)\s*$/,
};
