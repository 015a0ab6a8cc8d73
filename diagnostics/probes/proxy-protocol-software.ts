/**
 * Which software answers so, told from an answer in clear text (measured on nginx 1.22, HAProxy 2.6, Caddy 2.6, Apache
 * 2.4, Traefik 2.10 to 3.7, Envoy 1.40); null: the answer fits more than one, or says nothing of its maker. Only pages
 * that a listener makes itself are looked at (400 and what Go says in HTTP/1.0), never an application's.
 */
function makerOf(text: string): string | null {
  if (/^HTTP\/1\.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server/.test(text)) return 'Go';
  const [head = '', body = ''] = text.split('\r\n\r\n');
  if (!/^HTTP\/1\.1 400 /.test(head)) return null;
  const server = /\r\nserver: ([\w.+/-]{1,60})/i.exec(head)?.[1] ?? null;
  if (server && /^(nginx|openresty|Apache|envoy|Caddy)\b/i.test(server)) return server;
  // HAProxy alone writes a small r, and no Date (measured: 2.6; source: http_err_msgs in http.c).
  if (/^HTTP\/1\.1 400 Bad request\r\n/.test(head) && !/\r\ndate:/i.test(head)) return 'HAProxy';
  // Go's net/http, before it has a request: these lines and no others (server.go, badRequestError); Traefik is made of it.
  if (/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: text\/plain; charset=utf-8\r\nConnection: close$/.test(head))
    return body.startsWith('400 Bad Request') || body === '' ? 'Go (such as Traefik or Caddy)' : null;
  return null;
}

/** Pure: the software that made these answers, if they name one and only one; null: none, or several. */
export function softwareOf(answers: readonly string[]): string | null {
  const makers = new Set(answers.map(makerOf).filter((maker) => maker !== null));
  // A Go server speaks as "Go" on its TLS port and with more words elsewhere: the longer name says both.
  if (makers.size > 1) makers.delete('Go');
  return makers.size === 1 ? ([...makers][0] as string) : null;
}
