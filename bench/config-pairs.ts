import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Server blocks, or backends, of each configuration. */
export const BLOCKS = 3_000;

/** One upstream and server as people write them: 27 lines, some 800 bytes. */
function nginxBlock(i: number, read: string): string {
  const address = (k: number): string => `10.${Math.floor(i / 250)}.${i % 250}.${k}:8080`;
  return `  upstream app-${i} {
    least_conn;
${[1, 2, 3, 4].map((k) => `    server ${address(k)} max_fails=1 fail_timeout=10s;`).join('\n')}
    keepalive 32;
  }
  server {
    listen 80;
    listen 443 ssl;
    server_name app-${i}.example.test www.app-${i}.example.test;
    ssl_certificate /etc/ssl/app-${i}.pem;
    ssl_certificate_key /etc/ssl/app-${i}.key;
    client_max_body_size 8m;
    location / {
      proxy_pass http://app-${i};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Request-ID $request_id;
      proxy_read_timeout ${read};
    }
    location /static/ { root /srv/app-${i}; expires 1h; }
  }
`;
}

const nginx = (order: number[], changed: number): string =>
  `worker_processes auto;\nevents { worker_connections 16384; }\nhttp {\n  keepalive_timeout 75s;\n${order
    .map((i) => nginxBlock(i, i === changed ? '45s' : '60s'))
    .join('')}}\n`;

function haproxy(order: number[], changed: number): string {
  const rules = Array.from(
    { length: order.length },
    (_, i) => `  use_backend app-${i} if { hdr(host) -i app-${i}.example.test }\n`,
  );
  const backend = (i: number): string => `backend app-${i}
  balance leastconn
  option httpchk GET /healthz
  timeout server ${i === changed ? '45s' : '60s'}
  http-request set-header X-App ${i}
${[1, 2, 3, 4].map((k) => `  server s${k} 10.${Math.floor(i / 250)}.${i % 250}.${k}:8080 check inter 2s\n`).join('')}`;
  return `global\n  maxconn 20000\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 50s\n  timeout server 50s\nfrontend web\n  bind :80\n${rules.join('')}${order.map(backend).join('')}`;
}

/** The same numbers in another order, the same one on every run: steps of a length that shares no factor with theirs. */
const shuffled = (count: number): number[] => Array.from({ length: count }, (_, i) => (i * 1_277 + 11) % count);

export interface Pair {
  proxy: 'nginx' | 'haproxy';
  what: 'order only' | 'order and one timeout';
  before: string;
  after: string;
  bytes: number;
}

/** Writes the pairs that are compared. */
export function writePairs(dir: string): Pair[] {
  const forward = Array.from({ length: BLOCKS }, (_, i) => i);
  const mixed = shuffled(BLOCKS);
  const write = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  return (['nginx', 'haproxy'] as const).flatMap((proxy) => {
    const text = proxy === 'nginx' ? nginx : haproxy;
    const end = proxy === 'nginx' ? 'conf' : 'cfg';
    const first = text(forward, -1);
    const before = write(`before.${end}`, first);
    return [
      { proxy, what: 'order only', before, after: write(`order.${end}`, text(mixed, -1)), bytes: first.length },
      {
        proxy,
        what: 'order and one timeout',
        before,
        after: write(`timeout.${end}`, text(mixed, 1_234)),
        bytes: first.length,
      },
    ] satisfies Pair[];
  });
}
