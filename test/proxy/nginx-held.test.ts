import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProxySettings } from '../../diagnostics/io/proxy-settings.ts';
import { parseNginx } from '../../proxy/config/nginx-config.ts';
import { nginxSettings } from '../../proxy/config/settings/nginx-settings.ts';

const heldBack = (server: string, zones = ''): ProxySettings['limits']['heldBack'] =>
  nginxSettings(
    parseNginx(
      `http {
        limit_req_zone $binary_remote_addr zone=search:1m rate=5r/s;
        limit_req_zone $binary_remote_addr zone=login:1m rate=30r/m;
        ${zones}
        server { server_name parts.example.test; ${server} location / { proxy_pass http://127.0.0.1:8080; } }
        server { server_name other.example.test; limit_req zone=login burst=900; }
      }`,
      'nginx.conf',
    ),
    'parts.example.test',
    'nginx.conf',
  ).limits.heldBack;

test('a burst without nodelay waits, for as long as the rate needs for it', () => {
  const found = heldBack('location /api/search { limit_req zone=search burst=60; proxy_pass http://127.0.0.1:8080; }');
  assert.deepEqual(found?.value, { perSecond: 5, waiting: 60, seconds: 12, at: '/api/search' });
  assert.match(found?.where ?? '', /^nginx\.conf:\d+$/);
});

test('of several the longest wait counts, and what is let through at once does not wait', () => {
  const found = heldBack('limit_req zone=search burst=20; location /login { limit_req zone=login burst=12 delay=8; }');
  assert.deepEqual(found?.value, { perSecond: 0.5, waiting: 4, seconds: 8, at: '/login' });
});

test('nothing waits without a burst, with nodelay, in a zone that is nowhere, or on another host', () => {
  for (const limit of [
    'zone=search',
    'zone=search burst=60 nodelay',
    'zone=search burst=5 delay=5',
    'zone=nowhere burst=60',
  ])
    assert.equal(heldBack(`limit_req ${limit};`), undefined, limit);
  assert.equal(heldBack(''), undefined);
  assert.equal(heldBack('limit_req zone=odd burst=5;', 'limit_req_zone $uri zone=odd:1m rate=0r/s;'), undefined);
});
