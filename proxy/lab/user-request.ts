import type { IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { PeerCertificate, SecureVersion, TLSSocket } from 'node:tls';

/** What a user asks for, and with what kind of client. */
export interface UserRequest {
  path?: string;
  /** How long the user waits, ms. */
  patienceMs?: number;
  maxVersion?: SecureVersion;
  minVersion?: SecureVersion;
  ciphers?: string;
}

/** What a user saw: an answer, or the code of the error that came instead. */
export interface UserSaw {
  status: number | null;
  error: string | null;
  /** The error's own words: a TLS library names the fault there. */
  message: string;
  headers: IncomingHttpHeaders;
  body: string;
  certificate: PeerCertificate | null;
  ms: number;
}

/**
 * One request on a fresh TLS connection with the host's name, checked against the world's root: no friendlier than a browser.
 */
export function requestAsUser(host: string, port: number, ca: string, options: UserRequest = {}): Promise<UserSaw> {
  const { path = '/', patienceMs = 5000, ...client } = options;
  const began = performance.now();
  return new Promise((resolve) => {
    let certificate: PeerCertificate | null = null;
    const saw = (part: Partial<UserSaw>): void => {
      clearTimeout(timer);
      resolve({
        status: null,
        error: null,
        message: '',
        headers: {},
        body: '',
        certificate,
        ms: performance.now() - began,
        ...part,
      });
    };
    const asked = httpsRequest(
      {
        host: '127.0.0.1',
        port,
        path,
        servername: host,
        ca,
        agent: false,
        headers: {
          host,
          'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0',
          connection: 'close',
        },
        ...client,
      },
      (answer) => {
        certificate = (answer.socket as TLSSocket).getPeerCertificate();
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          body += chunk;
        });
        answer.on('end', () => saw({ status: answer.statusCode ?? null, headers: answer.headers, body }));
        answer.on('error', (error) => saw({ error: codeOf(error), message: error.message }));
      },
    );
    // A socket whose peer has closed already may report nothing at all (measured), so the user's patience is ours.
    const timer = setTimeout(() => {
      saw({ error: 'TIMEOUT' });
      asked.destroy();
    }, patienceMs);
    asked.on('error', (error) => saw({ error: codeOf(error), message: error.message }));
    asked.end();
  });
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
