import assert from 'node:assert/strict';
import test from 'node:test';
import { openCase, readReport } from '../../bot/intake.ts';
import { blankHop } from '../../proxy/inventory/blank.ts';
import { emptyInventory, type Inventory } from '../../proxy/inventory/inventory.ts';

const AT = '2026-11-22T03:00:00.000Z';

type Listener = { address: string; scheme: 'http' | 'https' };

/** What is asked after a report, where the outermost hop listens so. */
function asked(report: string, ...listeners: [Listener, ...Listener[]]): string {
  const [main] = listeners;
  const lb = { ...blankHop('lb', 'load-balancer', 'other'), ...main, listeners };
  const inventory: Inventory = {
    ...emptyInventory(),
    allow: ['*.example.test', '127.0.0.0/8'],
    routes: [{ host: 'shop.example.test', path: '/', via: ['lb'] }],
    hops: { lb },
  };
  const reading = readReport(report, { at: AT, tz: null }, inventory);
  const opened = openCase(reading, { id: 'c-20261122-00000000', at: AT, report, inventory, deadlineMs: 1000 });
  assert.ok('case' in opened, JSON.stringify(opened));
  const { scheme, port, path } = opened.case.target;
  return `${scheme} ${port}${path === '/' ? '' : ` ${path}`}`;
}

const CLEAR: Listener = { address: '127.0.0.1:8080', scheme: 'http' };
const SECURE: Listener = { address: '127.0.0.1:8443', scheme: 'https' };

test('a link says https as everybody writes it; where nothing of ours speaks it, we ask as the inventory says', () => {
  const report = 'https://shop.example.test/ is down, 502';
  assert.equal(asked(report, CLEAR), 'http 8080');
  assert.equal(asked(report, SECURE), 'https 8443');
  assert.equal(asked(report, CLEAR, SECURE), 'https 8443');
  assert.equal(asked('http://shop.example.test/ is down, 502', CLEAR, SECURE), 'http 8080');
});

test('a port that the report names is asked as the report says', () => {
  const report = 'https://shop.example.test:9443/ is down, 502';
  assert.equal(asked(report, CLEAR), 'https 9443');
});

test('the page is the one that is named beside its only host, without what ends the sentence', () => {
  const page = (report: string): string => asked(report, CLEAR).replace('http 8080', '').trim();
  assert.equal(page('shop.example.test gives 502 on /reports/2026, help'), '/reports/2026');
  assert.equal(page('GET /orders: 502 from shop.example.test'), '/orders');
  assert.equal(page('shop.example.test/orders: 502'), '/orders');
  assert.equal(page('shop.example.test is so slow (/catalogue?page=2), timeout'), '/catalogue');
  assert.equal(page('502 at https://shop.example.test/connect., everywhere'), '/connect');
  assert.equal(page('shop.example.test: 502, I looked at "/var/log/nginx/error.log"'), '');
  assert.equal(page('shop.example.test: 502, at /srv/app/session.js:12'), '');
});
