import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeMore, unseenText } from '../../diagnostics/unseen.ts';

const text = (...details: string[]): string =>
  unseenText(
    details.map((detail) => ({ detail })),
    3,
  );

test('the same thing that is missing of several is said once, with all their names', () => {
  const log = 'no access log is known; name it as accessLog:';
  assert.equal(
    text(`a: ${log}`, `b: ${log}`),
    'a and b: no access log is known. To have it seen: name it as accessLog.',
  );
  assert.match(text(...['a', 'b', 'c', 'd', 'e'].map((one) => `${one}: ${log}`)), /^a, b, c and 2 more: no access log/);
  assert.match(
    text('a: its counters are not known; name it as metrics:', 'b: its counters are not known; name it as metrics:'),
    /^a and b: their counters/,
  );
  const allow = "is not covered by the inventory's `allow`; add it there to have it probed";
  assert.match(text(`10.0.0.1 ${allow}`, `10.0.0.2 ${allow}`), /^10\.0\.0\.1 and 10\.0\.0\.2 are not covered by the/);
});

test('two looks that one key of the inventory would serve miss one thing', () => {
  assert.equal(
    text(
      'a: no error log is known; name it as errorLog:',
      'a: neither an error log nor a pid file is known; name them as errorLog: and pidFile:',
    ),
    'a: no error log is known. To have it seen: name it as errorLog.',
  );
});

test('what is missing of the same is said behind its name', () => {
  assert.match(
    text(
      'a: no error log is known; name it as errorLog:',
      'a: its configuration is not known; name the file as config:',
    ),
    /^a: no error log is known, its configuration is not known\. To/,
  );
});

test('what is left out is counted; whatever a look says of itself, nothing throws and nothing of it gets lost', () => {
  assert.match(text('a', 'b', 'c', 'd', 'e'), /^a; b; c; and 2 more\.$/);
  assert.equal(text(), '');
  assert.equal(
    unseenText([{ detail: 'a: no error log is known; name it as errorLog:' }], 3, false),
    'a: no error log is known.',
  );
  assert.equal(text('http://[::1]:9/metrics: ECONNREFUSED'), 'http://[::1]:9/metrics: connection refused.');
  for (const odd of ['; ', ': ', 'x: ', ': y; ', '((((', `${'z'.repeat(5000)}: a`])
    assert.equal(typeof text(odd, odd), 'string');
});

test('a blind look as the next step says what to do', () => {
  assert.equal(
    seeMore('a: no error log is known; name it as errorLog:'),
    'Let me see more (a: no error log is known): name it as errorLog.',
  );
  assert.equal(seeMore('a: nothing there'), 'Let me see more: a: nothing there.');
});
