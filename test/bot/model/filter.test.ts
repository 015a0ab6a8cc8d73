import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filtered, why } from '../../../bot/model/filter.ts';
import { groundOf } from '../../../bot/model/ground.ts';
import { savedCase } from './parts.ts';

const ground = (name: string) => {
  const { verdict, path } = savedCase(name);
  return groundOf(verdict, path);
};
const OURS = 'The input is JSON: a computed verdict about a web site and the findings it rests on.';

/** What a good writer says of recorded cases, each with the finding that it rests on. */
const SAID: Record<string, [string, string][]> = {
  'proxy-protocol-unexpected': [
    ['Every connection to shop.example.test has failed since 19:00 UTC.', 'PROXY_HEADER_UNEXPECTED'],
    [
      'The load balancer puts a PROXY protocol header in front of each connection, and the proxies edge-1 and edge-2 do not parse it.',
      'PROXY_HEADER_UNEXPECTED',
    ],
    ['As a result, nginx answers the TLS handshake with HTTP 400 in clear text.', 'PLAINTEXT_ON_TLS_PORT'],
    [
      'The logs of edge-1 and edge-2 contain 64 and 66 lines whose request is a PROXY protocol header.',
      'PROXY_HEADER_LINES_LOGGED',
    ],
    ['All 4 endpoints of the shop answer when they are asked directly.', 'ENDPOINT_ANSWERS'],
    ['Visitors cannot reach the shop at all.', 'REQUEST_FAILED'],
    ['The shop itself works: its endpoints answer when asked directly.', 'ENDPOINT_ANSWERS'],
    [
      "The balancer is declared to send proxy-v2, which edge's listener is not configured to accept.",
      'PROXY_HEADER_UNEXPECTED',
    ],
    ['Browsers receive an unencrypted error page where they expect an encrypted connection.', 'PLAINTEXT_ON_TLS_PORT'],
    ['The ingress is at fault.', 'PROXY_HEADER_UNEXPECTED'],
    [
      'One endpoint, 127.0.0.1:26509, receives 47% of 529 requests where a fair share would be 25%.',
      'ENDPOINT_SHARE_SKEWED',
    ],
  ],
  'app-errors': [
    ['The shop itself returns error 500 for every request.', 'ENDPOINT_ERRORS'],
    ['It is not the ingress: the application answers 500 itself.', 'ENDPOINT_ERRORS'],
    ['The proxy only passes on what the application returns.', 'ERRORS_MADE_UPSTREAM'],
    [
      'In the log of edge-1, 37 of 113 requests (33%) were answered with a 5xx status by what is behind it.',
      'ERRORS_MADE_UPSTREAM',
    ],
    ['Neither proxy was reloaded in the time in question.', 'NO_RECENT_RELOAD'],
    ['Requests are distributed evenly across the 4 endpoints.', 'ENDPOINTS_SHARE_EVENLY'],
    ['The failures began at 19:00 UTC.', 'ERRORS_MADE_UPSTREAM'],
  ],
  'tls-certificate-expired': [
    ['The certificate that is served for shop.example.test expired on 20 November.', 'CERTIFICATE_EXPIRED'],
    ['Browsers therefore show a warning instead of the page.', 'CERTIFICATE_EXPIRED'],
    ['edge-1 was reloaded 28 times within a minute.', 'RELOAD_STORM'],
  ],
  'endpoint-imbalance': [
    [
      'One of the four endpoints receives 45% of all requests, although a fair share would be 25%.',
      'ENDPOINT_SHARE_SKEWED',
    ],
    ['The site is reachable but slow for some visitors.', 'ENDPOINT_SLOW'],
  ],
  none: [
    ['All 24 of 24 requests succeeded.', 'REQUEST_ANSWERED'],
    ['All four endpoints respond normally when asked directly.', 'ENDPOINT_ANSWERS'],
    ['The logs contain no server errors among 90 requests.', 'NO_ERRORS_LOGGED'],
  ],
};

/** What contradicts these cases, or was never in them. */
const WRONG: Record<string, [string, string][]> = {
  'proxy-protocol-unexpected': [
    ['It is not the ingress.', 'ENDPOINT_ANSWERS'],
    ['The ingress is fine.', 'ENDPOINT_ANSWERS'],
    ['The proxies work.', 'ENDPOINT_ANSWERS'],
    ['The shop is at fault.', 'ENDPOINT_ANSWERS'],
    ['The application is broken.', 'ENDPOINT_ANSWERS'],
    ['The root cause is a deploy of the shop.', 'REQUEST_FAILED'],
    ['Everything works now.', 'ENDPOINT_ANSWERS'],
    ['The shop is down because its database is gone.', 'ENDPOINT_ANSWERS'],
    ['nginx is innocent.', 'PROXY_HEADER_UNEXPECTED'],
    ['None of the connections fail.', 'PROXY_HEADER_UNEXPECTED'],
    ['Restart the database now.', 'REQUEST_FAILED'],
    ['Customers should reset everything.', 'REQUEST_FAILED'],
    ['There were 777 failures.', 'REQUEST_FAILED'],
    ['The host evil.example.test is involved.', 'REQUEST_FAILED'],
    ['See https://evil.example/x for details.', 'REQUEST_FAILED'],
    ['Run `curl evil` to check.', 'REQUEST_FAILED'],
    ['<!channel> look.', 'REQUEST_FAILED'],
    ['The code word is swordfish.', 'REQUEST_FAILED'],
    ['The fault lies with the application.', 'ENDPOINT_ANSWERS'],
    ['The application fails all requests.', 'ENDPOINT_ANSWERS'],
    ['DNS is to blame.', 'NAME_RESOLVES'],
    ['It is certain that the proxy fails.', 'REQUEST_FAILED'],
    ['The proxies are not at fault.', 'PROXY_HEADER_UNEXPECTED'],
    ['The ingress works, and the shop fails.', 'REQUEST_FAILED'],
    ['The input is JSON: a computed verdict about a web site.', 'REQUEST_FAILED'],
    ['The load balancer is at fault.', 'PROXY_HEADER_UNEXPECTED'],
    ['The traffic never passes the ingress.', 'REQUEST_FAILED'],
    ['This was not caused by the proxies.', 'REQUEST_FAILED'],
  ],
  'app-errors': [
    ['It is the ingress.', 'ERRORS_MADE_UPSTREAM'],
    ['The proxies fail.', 'ERRORS_MADE_UPSTREAM'],
    ['nginx is broken.', 'ENDPOINT_ERRORS'],
    ['The ingress drops half of the requests.', 'ENDPOINT_ERRORS'],
    ['The balancer rejects connections.', 'ENDPOINT_ERRORS'],
    ['The application is healthy.', 'ENDPOINTS_SHARE_EVENLY'],
    ['The errors come from the proxy.', 'ERRORS_MADE_UPSTREAM'],
    ['Edge-1 made 37 errors.', 'ERRORS_MADE_UPSTREAM'],
  ],
  none: [
    ['The ingress is at fault.', 'REQUEST_ANSWERED'],
    ['All requests fail.', 'REQUEST_ANSWERED'],
    ['The shop is broken.', 'ENDPOINT_ANSWERS'],
  ],
};

test('what follows from the findings is said', () => {
  for (const [name, list] of Object.entries(SAID)) {
    const of = ground(name);
    for (const [says, code] of list) assert.equal(why(says, [code], of, OURS), null, `${name}: ${says}`);
  }
});

test('what contradicts answer, hop or cause, or was never seen, is not said', () => {
  for (const [name, list] of Object.entries(WRONG)) {
    const of = ground(name);
    for (const [says, code] of list) {
      assert.ok(of.findings.has(code), `${name} has no ${code}`);
      assert.notEqual(why(says, [code], of, OURS), null, `${name}: ${says}`);
    }
  }
});

test('a sentence without a valid citation goes, one in brackets counts and is taken out', () => {
  const of = ground('app-errors');
  const says = 'Requests are distributed evenly across the 4 endpoints';
  assert.equal(filtered([{ says, cites: [] }], of, OURS), null);
  assert.equal(filtered([{ says, cites: ['MADE_UP'] }], of, OURS), null);
  assert.equal(filtered([{ says: `${says} [MADE_UP].`, cites: [] }], of, OURS), null);
  assert.deepEqual(filtered([{ says: `${says} [ENDPOINTS_SHARE_EVENLY].`, cites: [] }], of, OURS), {
    text: `${says}.`,
    codes: ['ENDPOINTS_SHARE_EVENLY'],
  });
});

test('two sentences do not share one citation, and nothing is said twice', () => {
  const of = ground('app-errors');
  const cites = ['ENDPOINTS_SHARE_EVENLY'];
  const one = 'Requests are distributed evenly across the 4 endpoints.';
  assert.equal(filtered([{ says: `${one} They are shared evenly.`, cites }], of, OURS), null);
  assert.equal(
    filtered(
      [
        { says: one, cites },
        { says: one, cites },
      ],
      of,
      OURS,
    )?.text,
    one,
  );
});

test('of an inconclusive case nobody is blamed', () => {
  const of = ground('proxy-protocol-unexpected');
  const open = { ...of, verdict: { ...of.verdict, answer: 'inconclusive' as const, hop: null, cause: null } };
  for (const says of ['It is the ingress.', 'It is not the ingress.', 'The proxy is at fault.', 'The ingress fails.'])
    assert.notEqual(why(says, ['PROXY_HEADER_UNEXPECTED'], open, OURS), null, says);
});
