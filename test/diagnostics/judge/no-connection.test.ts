import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkGot } from '../../../diagnostics/suspicions/no-connection.ts';
import type { Finding } from '../../../diagnostics/types.ts';

const marked = (why: string, sample: string): Finding => ({ facts: { why, sample } }) as unknown as Finding;

/** As HAProxy 2.6.12 and Traefik 3.7.9 wrote them of real servers. */
test('why a health check failed, in the proxies’ own words', () => {
  const traefik = (error: string): Finding =>
    marked('', `Health check failed. error=checking HTTP health: ${error} targetURL=http://127.0.0.1:24045`);
  const cases: [Finding, ReturnType<typeof checkGot>][] = [
    [
      marked('Layer4 timeout', 'Server lager/lager-1 is DOWN, reason: Layer4 timeout, check duration: 301ms.'),
      'no-connection',
    ],
    [
      marked('Layer7 wrong status, code: 404', 'Server app/app-1 is DOWN, reason: Layer7 wrong status, code: 404'),
      'no-good-answer',
    ],
    [marked('Layer7 timeout', 'Server app/app-1 is DOWN, reason: Layer7 timeout'), 'no-good-answer'],
    [traefik('received error status code: 404'), 'no-good-answer'],
    [traefik('HTTP request failed: Get "http://127.0.0.1:39872/ping": context deadline exceeded'), 'either'],
  ];
  for (const [finding, got] of cases) assert.equal(checkGot(finding), got, String(finding.facts.sample));
});
