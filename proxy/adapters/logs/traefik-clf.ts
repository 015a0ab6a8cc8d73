import type { AccessRow, LineReader } from './access-row.ts';

/**
 * Traefik's access log as it is installed (Common Log Format): `remote - user [time] "request" status size "referrer"
 * "agent" count "router" "url" 2ms`. It names no host; `-` for the URL: no server was asked.
 */
const LINE =
  /^\S+ - .*? \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" \d+ "([^"]*)" "([^"]*)" (\d+)ms$/;

/** Sizes of the texts that Traefik itself writes with a status that a server may give too (see access-log.ts). */
const OWN: { [status: string]: string } = { 502: '11', 504: '15' };

/** `parseTime` is given, since both readers of access logs share it. */
export const traefikClfReader =
  (parseTime: (text: string) => number | null): LineReader =>
  (line): AccessRow | null => {
    const match = LINE.exec(line);
    if (!match) return null;
    const [, time = '', request = '', code = '', size = '', router = '', url = '', ms = ''] = match;
    const address = URL.canParse(url) ? new URL(url).host : null;
    const seconds = Number(ms) / 1000;
    const status = Number(code);
    const maker = status === 499 ? 'client' : address && OWN[code] !== size ? 'upstream' : 'proxy';
    return {
      at: parseTime(time),
      host: null,
      request: (request.split('?')[0] ?? '').slice(0, 40),
      status,
      seconds,
      upstreams: address ? [{ address, status, seconds, bytes: size === '-' ? null : Number(size) }] : [],
      service: router && router !== '-' ? router : null,
      noRoute: router === '-' && status === 404,
      maker,
    };
  };
