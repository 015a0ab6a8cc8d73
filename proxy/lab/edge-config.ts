import { userInfo } from 'node:os';
import type { CertificateFiles } from './certificates.ts';
import type { EndpointPlace } from './outside/protocol.ts';

/** One host that the edge serves. */
export interface EdgeSite {
  host: string;
  /** Name of its upstream: the application's. */
  upstream: string;
  certificate: CertificateFiles;
  /** Where the application is; an empty list: the edge answers 503 itself, as ingress controllers do. */
  endpoints: EndpointPlace[];
  /** `ip-hash` keeps a client on one endpoint. */
  balance: 'round-robin' | 'ip-hash';
}

/** What the edge's configuration says; a fault changes some of it. */
export interface EdgeSettings {
  /** Do the listeners expect a PROXY header? */
  proxyProtocol: boolean;
  /** `compatible` serves clients back to TLS 1.0 and RSA key exchange; `strict` only TLS 1.2 and up with ECDHE and AEAD. */
  tls: 'compatible' | 'strict';
  sites: EdgeSite[];
  /** Served to who asks for no host that the edge knows. */
  fallback: CertificateFiles;
  /** More lines for the http block. */
  snippet: string;
}

export interface EdgePorts {
  name: string;
  https: number;
  http: number;
  status: number;
}

/**
 * OpenSSL 3 speaks TLS 1.0 and 1.1 only below security level 1, and nginx 1.22 offers TLS 1.3 only if it is named (measured).
 */
const TLS = {
  compatible: `ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
  ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA256:AES128-SHA:AES256-SHA:@SECLEVEL=0;`,
  strict: `ssl_protocols TLSv1.2 TLSv1.3;
  ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;`,
} as const;

/** The nginx.conf of one replica. Paths are relative to its own folder. */
export function edgeConfig(ports: EdgePorts, settings: EdgeSettings): string {
  const header = settings.proxyProtocol ? ' proxy_protocol' : '';
  const served = settings.sites.filter((site) => site.endpoints.length > 0);
  return `# ${ports.name}: one replica of the edge, nginx behind the load balancer "public".
${process.getuid?.() === 0 ? `user ${userInfo().username};\n` : ''}worker_processes 1;
pid nginx.pid;
error_log error.log notice;
worker_shutdown_timeout 4s;

events {
  worker_connections 1024;
}

http {
  client_body_temp_path tmp/body;
  proxy_temp_path tmp/proxy;
  fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi;
  scgi_temp_path tmp/scgi;

  log_format path '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                  '"$http_referer" "$http_user_agent" host=$host rt=$request_time '
                  'upstream=$proxy_host ua="$upstream_addr" us="$upstream_status" uct="$upstream_connect_time" urt="$upstream_response_time"';
  access_log access.log path;

  # The balancer puts the caller's address before the request.
  set_real_ip_from 127.0.0.0/8;
  real_ip_header proxy_protocol;

  ${TLS[settings.tls]}
  ssl_prefer_server_ciphers on;
  ssl_session_cache shared:tls:1m;

  map $http_upgrade $connection_upgrade {
    default upgrade;
    '' '';
  }

  proxy_http_version 1.1;
  proxy_set_header Host $host;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  proxy_connect_timeout 5s;
  proxy_read_timeout 60s;
${settings.snippet}
${served.map(upstream).join('\n')}
  server {
    listen 127.0.0.1:${ports.http}${header} default_server;
    listen 127.0.0.1:${ports.https} ssl${header} default_server;
    server_name _;
    ssl_certificate ${settings.fallback.chain};
    ssl_certificate_key ${settings.fallback.key};
    return 404;
  }

${settings.sites.map((site) => server(ports, header, site)).join('\n')}
  server {
    listen 127.0.0.1:${ports.status};
    access_log off;
    location = /status {
      stub_status;
    }
    location / {
      return 404;
    }
  }
}
`;
}

/** max_fails=0 as ingress controllers set it: who is there is decided outside, not by the proxy's own guess. */
function upstream(site: EdgeSite): string {
  const servers = site.endpoints.map(({ port }) => `    server 127.0.0.1:${port} max_fails=0;`).join('\n');
  return `  upstream ${site.upstream} {
${site.balance === 'ip-hash' ? '    # sticky, so that carts stay where they are\n    ip_hash;\n' : ''}    zone ${site.upstream} 64k;
${servers}
    keepalive 8;
  }
`;
}

function server(ports: EdgePorts, header: string, site: EdgeSite): string {
  const location = site.endpoints.length
    ? `proxy_pass http://${site.upstream};`
    : `# no endpoint is ready\n      return 503;`;
  return `  server {
    listen 127.0.0.1:${ports.http}${header};
    listen 127.0.0.1:${ports.https} ssl${header};
    server_name ${site.host};
    ssl_certificate ${site.certificate.chain};
    ssl_certificate_key ${site.certificate.key};
    location / {
      ${location}
    }
  }
`;
}
