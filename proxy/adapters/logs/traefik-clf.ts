import { type AccessRow, cleanRequest, type LineReader, whyOf502, whyOfOwn } from './access-row.ts';
import { parseTime } from './times.ts';

/**
 * Traefik's access log as it is installed (Common Log Format): `remote - user [time] "request" status size "referrer"
 * "agent" count "router" "url" 2ms`. It names no host; `-` for the URL: no server was asked.
 */
const LINE =
  /^\S+ - [^[]*\[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" \d+ "([^"]*)" "([^"]*)" (\d+)ms$/;

/** Sizes of the texts that Traefik itself writes with a status that a server may give too (see json-log.ts). */
const OWN: { [status: string]: string } = { 502: '11', 504: '15' };

function whyOf(status: number, router: string, method: string): AccessRow['why'] {
  if (status === 404 && router === '-') return 'no-route';
  if (status === 503) return 'no-endpoint';
  return status === 502 ? whyOf502(method) : whyOfOwn(status);
}

export const traefikClfReader: LineReader = (line) => {
  const match = LINE.exec(line);
  if (!match) return null;
  const [, time = '', request = '', code = '', size = '', router = '', url = '', ms = ''] = match;
  const address = URL.canParse(url) ? new URL(url).host : null;
  const seconds = Number(ms) / 1000;
  const status = Number(code);
  const maker = status === 499 ? 'client' : address && OWN[code] !== size ? 'upstream' : 'proxy';
  const bytes = size === '-' ? null : Number(size);
  const row: AccessRow = {
    at: parseTime(time),
    host: null,
    request: cleanRequest(request),
    status,
    seconds,
    upstreams: address ? [{ address, status, seconds, bytes }] : [],
    service: router && router !== '-' ? router : null,
    noRoute: router === '-' && status === 404,
    maker,
  };
  if (bytes !== null) row.bytes = bytes;
  const why =
    maker === 'client'
      ? 'client-left'
      : maker === 'proxy'
        ? whyOf(status, router, request.split(' ', 1)[0] ?? '')
        : undefined;
  if (why !== undefined) row.why = why;
  return row;
};
