import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { dice } from './dice.ts';

/** Logs as busy proxies write them, made of a small set of hosts, paths and endpoints, the same for every run. */

export type LogKind = 'nginx' | 'traefik' | 'haproxy';

const HOSTS = ['shop', 'billing', 'wiki', 'metabase', 'maps', 'mail'].map((name) => `${name}.example.test`);
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const two = (n: number): string => String(n).padStart(2, '0');

interface Request {
  at: Date;
  host: string;
  path: string;
  status: number;
  size: number;
  ms: number;
  endpoint: string;
  n: number;
}

const LINES: { [kind in LogKind]: (r: Request) => string } = {
  nginx: (r) =>
    `192.0.2.${r.n % 250} - - [${two(r.at.getUTCDate())}/${MONTHS[r.at.getUTCMonth()]}/${r.at.getUTCFullYear()}:${r.at.toISOString().slice(11, 19)} +0000] "GET ${r.path} HTTP/2.0" ${r.status} ${r.size} "https://${r.host}/" "${AGENT}" 420 ${(r.ms / 1000).toFixed(3)} [${r.host.split('.')[0]}-web-80] [] ${r.endpoint} ${r.size} ${(r.ms / 1000).toFixed(3)} ${r.status} 9cede971d256e8a5cb53780c6f994188`,
  traefik: (r) =>
    JSON.stringify({
      ClientAddr: `192.0.2.${r.n % 250}:60716`,
      ClientHost: `192.0.2.${r.n % 250}`,
      ClientPort: '60716',
      ClientUsername: '-',
      DownstreamContentSize: r.size,
      DownstreamStatus: r.status,
      Duration: r.ms * 1_000_000,
      OriginContentSize: r.size,
      OriginDuration: r.ms * 990_000,
      OriginStatus: r.status,
      Overhead: 217_812,
      RequestAddr: `${r.host}:20443`,
      RequestContentSize: 0,
      RequestCount: r.n,
      RequestHost: r.host,
      RequestMethod: 'GET',
      RequestPath: r.path,
      RequestPort: '20443',
      RequestProtocol: 'HTTP/2.0',
      RequestScheme: 'https',
      RetryAttempts: 0,
      RouterName: 'shop@file',
      ServiceAddr: r.endpoint,
      ServiceName: 'shop@file',
      ServiceURL: `http://${r.endpoint}`,
      StartLocal: r.at.toISOString(),
      StartUTC: r.at.toISOString(),
      TLSCipher: 'TLS_AES_128_GCM_SHA256',
      TLSVersion: '1.3',
      entryPointName: 'websecure',
      level: 'info',
      msg: '',
      time: `${r.at.toISOString().slice(0, 19)}Z`,
    }),
  haproxy: (r) =>
    `${two(r.at.getUTCDate())} haproxy[12]: 192.0.2.${r.n % 250}:33317 [${two(r.at.getDate())}/${MONTHS[r.at.getMonth()]}/${r.at.getFullYear()}:${two(r.at.getHours())}:${two(r.at.getMinutes())}:${two(r.at.getSeconds())}.${String(r.at.getMilliseconds()).padStart(3, '0')}] https~ shop/web-${r.n % 3} 0/0/1/${r.ms}/${r.ms + 1} ${r.status} ${r.size} - - ---- 120/110/12/4/0 0/0 {${r.host}} "GET ${r.path} HTTP/1.1"`,
};

/** Writes a log of about `bytes`, its last line at `end`, over the `hours` before it. Returns its lines. */
export async function makeLog(kind: LogKind, file: string, bytes: number, end: number, hours: number): Promise<number> {
  const random = dice(7);
  const request = (n: number, at: number): Request => ({
    at: new Date(at),
    host: HOSTS[Math.floor(random() * HOSTS.length)] as string,
    path: `/item/${Math.floor(random() * 90_000)}?session=${Math.floor(random() * 1e9)}`,
    status: random() < 0.99 ? 200 : 502,
    size: Math.floor(random() * 20_000),
    ms: Math.floor(random() * 90),
    endpoint: `10.244.1.${11 + (n % 3)}:8080`,
    n,
  });
  const sample = LINES[kind](request(1, end)).length + 1;
  const lines = Math.ceil(bytes / sample);
  const step = (hours * 3_600_000) / lines;
  const out = createWriteStream(file);
  for (let n = 0; n < lines; ) {
    const part: string[] = [];
    for (let i = 0; i < 5_000 && n < lines; i++, n++) part.push(LINES[kind](request(n, end - (lines - n) * step)));
    if (!out.write(`${part.join('\n')}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return lines;
}
