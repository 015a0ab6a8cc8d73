import { type Base, complained, type Specs, tail } from './shared.ts';

/** What a proxy's own log says of itself: its limits, its rules, its configuration, its processes. */

export interface OwnComplaints {
  NO_LIVE_UPSTREAM: Base & { upstream: string };
  ANSWER_HEADER_TOO_BIG: Base;
  BODY_TOO_LARGE: Base;
  RATE_LIMIT_LOGGED: Base;
  AUTH_REQUEST_FAILED: Base;
  PROXY_HEADER_BROKEN: Base;
  HANDSHAKES_REFUSED: Base;
  OUT_OF_CONNECTIONS: Base;
  ACCESS_FORBIDDEN_BY_RULE: Base & { oneClient: string };
  CLIENT_CERTIFICATE_REFUSED: Base & { oneClient: string; why: string };
  PROXY_FILES_FAILED: Base;
  WORKER_DIED: Base;
  SERVICE_MISSING_LOGGED: Base & { upstream: string };
  CONFIGURATION_COMPLAINT: Base;
}

/** Why the last one failed, as OpenSSL says it behind its number: `SSL routines::no shared cipher`. */
const handshakeWords = (sample: string): string => {
  const words = /SSL routines:[^:)]{0,60}:([a-z0-9 ]{3,60})\)/.exec(sample)?.[1];
  return words ? ` (the last: ${words})` : '';
};

export const OWN_FINDINGS: Specs<OwnComplaints> = {
  NO_LIVE_UPSTREAM: {
    hop: 'service',
    direction: 'context',
    title: 'The proxy counts every endpoint as dead',
    says: (f) =>
      complained(f, `it counts all endpoints of ${f.upstream === 'an upstream' ? 'this service' : f.upstream} as dead`),
    next: () => 'Ask the endpoints directly: if they answer, the proxy marked them dead too quickly.',
    reproduce: tail('no live upstreams|active Endpoint', { haproxy: 'has no server available' }),
  },
  ANSWER_HEADER_TOO_BIG: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'An answer had larger headers than the proxy takes',
    says: (f) => complained(f, 'the application sent larger headers than it takes'),
    next: () => 'Raise proxy_buffer_size for this host, or send smaller cookies and headers.',
    reproduce: tail('too big header'),
  },
  BODY_TOO_LARGE: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'A request had a larger body than the proxy takes',
    says: (f) => complained(f, 'clients wanted to send larger bodies than it takes'),
    next: () => 'Raise client_max_body_size for this host.',
    reproduce: tail('too large', { traefik: 'body over limit' }),
  },
  RATE_LIMIT_LOGGED: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'The proxy held back or refused requests for a limit',
    says: (f) => complained(f, 'it held back or refused requests for a rate limit of its own'),
    next: () => 'Look at the limit for this host, and at who sends that much.',
    reproduce: tail('limiting (requests|connections)'),
  },
  AUTH_REQUEST_FAILED: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'The authentication sub-request failed',
    says: (f) => complained(f, 'the authentication service that it asks first answered wrongly'),
    next: () => 'Look at the authentication service, and at its log: what it fails to answer gets no further.',
    reproduce: tail('auth request unexpected status'),
  },
  PROXY_HEADER_BROKEN: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'Connections come without the PROXY header that is demanded',
    says: (f) => complained(f, 'connections come without the PROXY header that it demands'),
    next: () => 'Switch PROXY protocol on at the hop in front, or off at this listener. Both sides must agree.',
    reproduce: tail('PROXY protocol'),
  },
  HANDSHAKES_REFUSED: {
    hop: 'proxy',
    direction: 'context',
    title: 'The proxy refused TLS handshakes',
    says: (f) => complained(f, `TLS handshakes fail${handshakeWords(f.sample)}`),
    next: () => 'See which clients these are, and what they offer.',
    reproduce: tail('handshake'),
  },
  OUT_OF_CONNECTIONS: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'The proxy ran out of connections or files',
    says: (f) => complained(f, 'it ran out of connections or files'),
    next: () => 'Raise worker_connections and the file limit, or add replicas.',
    reproduce: tail('not enough|2[34]: Too many open files', {
      haproxy: 'reached|Too many open files',
      traefik: 'too many open files',
      envoy: 'overload|too many open files',
    }),
  },
  ACCESS_FORBIDDEN_BY_RULE: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'The proxy refuses callers by an allow-list',
    says: (f) =>
      complained(
        f,
        `its allow-list refuses callers${f.oneClient === 'yes' && f.count > 1 ? ', all of them under one and the same address' : ''}`,
      ),
    next: () =>
      'See which address the proxy takes for the caller: it must be the real one (PROXY protocol or X-Forwarded-For from trusted hops).',
    reproduce: tail('forbidden by rule'),
  },
  CLIENT_CERTIFICATE_REFUSED: {
    hop: 'client',
    direction: 'context',
    title: 'A client came with a certificate that the proxy does not take',
    says: (f) =>
      complained(
        f,
        `a client came with a certificate that it does not take (${f.why.replace(/^\d+:/, '')})${f.oneClient === 'yes' && f.count > 1 ? ', always from one and the same address' : ''}`,
      ),
    next: () => 'Compare the certificate that this client sends with what the listener trusts: its end, its issuer.',
    reproduce: tail('client SSL certificate verify error'),
  },
  PROXY_FILES_FAILED: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'The proxy could not use files of its own',
    says: (f) =>
      complained(
        f,
        `requests came to nothing since it could not use files of its own${/ failed \(\d+(: [^)]{1,60})\)/.exec(f.sample)?.[1] ?? ''}`,
      ),
    next: (f) =>
      / failed \((28|122):/.test(f.sample)
        ? 'Make room where it keeps request bodies and answers for a time; the line in its log names the folder.'
        : 'See to the folder that the line in its log names: it must be there, and the proxy must be allowed to write to it.',
    reproduce: tail('\\[crit\\].* failed'),
  },
  WORKER_DIED: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'Workers of the proxy died',
    says: (f) => complained(f, 'a worker of its own died by a signal, with all the connections that it held'),
    next: () => 'See whether it was killed for memory (signal 9: dmesg) or crashed (signal 11: a module, a known bug).',
    reproduce: tail('exited on signal'),
  },
  SERVICE_MISSING_LOGGED: {
    hop: 'proxy',
    direction: 'context',
    title: 'A route of the proxy names a service that is not there',
    says: (f) => complained(f, `a route names the service ${f.upstream}, which it does not know`),
    next: (f) =>
      `Compare the name ${f.upstream} with the services there are: a typing error, another namespace, or deleted?`,
    reproduce: tail('Error obtaining', { traefik: 'does not exist' }),
  },
  CONFIGURATION_COMPLAINT: {
    hop: 'proxy',
    direction: 'context',
    title: 'The proxy complains of its configuration',
    says: (f) => complained(f, 'it could not take a part of its configuration'),
    next: () => 'Read the line: it names the place; until it is mended, older settings may still be served.',
    reproduce: tail('could not build|reload', { traefik: 'ERR|level=error', envoy: 'rejected|update failed' }),
  },
};
