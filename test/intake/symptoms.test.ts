import assert from 'node:assert/strict';
import { test } from 'node:test';
import { symptomsIn } from '../../bot/intake/symptoms.ts';
import type { Symptoms } from '../../diagnostics/types.ts';

type Row = [text: string, kind: Symptoms['kinds'][number], more?: Partial<Omit<Symptoms, 'errors'>>];

/** What is said, the most telling kind, and what else must be read; what is left out is steady, nobody, nothing. */
const ROWS: Row[] = [
  // What programs say.
  ['curl: (35) error:0A00010B:SSL routines::wrong version number', 'handshake'],
  ['write EPROTO 139976298616768:error:1408F10B:SSL routines:ssl3_get_record:wrong version number', 'handshake'],
  ['ICM_HTTP_SSL_ERROR connecting to wms (SAP PI)', 'handshake', { clients: ['sap pi'] }],
  ['javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure', 'handshake'],
  ['javax.net.ssl.SSLException: Unsupported or unrecognized SSL message', 'handshake'],
  ['tls: first record does not look like a TLS handshake', 'handshake'],
  ['Chrome: ERR_SSL_PROTOCOL_ERROR', 'handshake'],
  ['Could not create SSL/TLS secure channel (.NET 4.5)', 'handshake', { clients: ['.net 4.5'] }],
  ['[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1002)', 'handshake'],
  ['NET::ERR_CERT_DATE_INVALID', 'certificate'],
  ['x509: certificate signed by unknown authority', 'certificate'],
  ['PKIX path building failed: unable to find valid certification path', 'certificate'],
  ['SSL: CERTIFICATE_VERIFY_FAILED: self-signed certificate', 'certificate'],
  ['it shows TRAEFIK DEFAULT CERT', 'certificate', { suspects: [] }],
  ['Kubernetes Ingress Controller Fake Certificate', 'certificate'],
  ['read ECONNRESET', 'reset'],
  ['curl: (52) Empty reply from server', 'reset'],
  ['ERR_CONNECTION_REFUSED', 'reset'],
  ['socket hang up', 'reset'],
  ['curl: (28) Operation timed out after 3001 milliseconds', 'timeout'],
  ['context deadline exceeded', 'timeout'],
  ['ERR_CONNECTION_TIMED_OUT', 'timeout'],
  ['dial tcp: lookup shop: no such host', 'name'],
  ['DNS_PROBE_FINISHED_NXDOMAIN', 'name'],
  ['getaddrinfo ENOTFOUND shop', 'name'],
  ['ERR_TOO_MANY_REDIRECTS', 'redirect-loop'],
  ['413 Request Entity Too Large', 'too-large', { statuses: [413] }],
  ['Request Header Or Cookie Too Large', 'too-large'],
  [`Uncaught SyntaxError: Unexpected token '<', "<!doctype "... is not valid JSON`, 'wrong-content'],
  ['SyntaxError: Unexpected token < in JSON at position 0', 'wrong-content'],
  ['JSON.parse: unexpected character at line 1 column 1 of the JSON data', 'wrong-content'],
  ["JSON Parse error: Unrecognized token '<'", 'wrong-content'],
  ['404 page not found', 'not-found', { statuses: [404] }],
  ['no available server', 'errors-5xx'],
  ['upstream connect error or disconnect/reset before headers', 'errors-5xx'],
  // Statuses, and numbers that are none.
  ['shop gives 502', 'errors-5xx', { statuses: [502] }],
  // A number before its own name is a status, also after a word that makes others a count.
  ['partner complains about 502 Bad Gateway on shop', 'errors-5xx', { statuses: [502] }],
  ['502s and 504s on shop', 'errors-5xx', { statuses: [502, 504] }],
  ['520 on shop', 'errors-5xx', { statuses: [520] }],
  ['cdn says 525', 'handshake', { statuses: [525] }],
  ['cdn says 526', 'certificate', { statuses: [526] }],
  ['we get 403 on admin', 'forbidden', { statuses: [403] }],
  ['429/503 responses', 'errors-5xx', { statuses: [429, 503] }],
  ['lots of 5xx', 'errors-5xx', { statuses: [] }],
  ['broken for 500 users', 'unspecified', { statuses: [] }],
  ['it takes 503 ms and is broken', 'unspecified', { statuses: [] }],
  ['broken in room 502', 'unspecified', { statuses: [] }],
  // People's words.
  ['shop is down', 'unspecified'],
  ['super slow, spinner for ages', 'slow'],
  ['search takes 3-4 sec', 'slow'],
  ['it takes 2.5 seconds to open', 'slow'],
  ['wiki hangs', 'slow'],
  ['Seite ist extrem langsam', 'slow'],
  ['websocket drops every minute', 'disconnects', { course: 'intermittent' }],
  ['getting kicked out of wms', 'disconnects', { course: 'intermittent' }],
  ['just one of four pods is at 100% CPU, the others do nothing', 'uneven', { course: 'intermittent' }],
  ['shows the wrong page', 'wrong-content'],
  ['wiki is gone', 'not-found'],
  ['certificate expired??', 'certificate'],
  ['upload fails, file too big', 'too-large'],
  ['access denied on crm', 'forbidden'],
  // The course.
  ['sometimes 502', 'errors-5xx', { statuses: [502], course: 'intermittent' }],
  ['1 out of 10 requests gets a 502', 'errors-5xx', { statuses: [502], course: 'intermittent' }],
  ['every now and then a 504', 'errors-5xx', { statuses: [504], course: 'intermittent' }],
  ['občas 502', 'errors-5xx', { statuses: [502], course: 'intermittent' }],
  ['manchmal 502', 'errors-5xx', { statuses: [502], course: 'intermittent' }],
  ['shop was down at lunch', 'unspecified', { course: 'past' }],
  ['shop gave 502 yesterday between 18:00 and 18:30', 'errors-5xx', { statuses: [502], course: 'past' }],
  ['404, I only added auth yesterday', 'not-found', { statuses: [404] }],
  ['502 since they changed it yesterday', 'errors-5xx', { statuses: [502] }],
  ['it failed, works again', 'unspecified', { course: 'past' }],
  ['still 502', 'errors-5xx', { statuses: [502] }],
  // Who is accused, who is hit.
  ['is it Traefik again?', 'unspecified', { suspects: ['traefik'] }],
  ['nginx or haproxy?', 'unspecified', { suspects: ['nginx', 'haproxy'] }],
  ['502 Bad Gateway nginx/1.22.1', 'errors-5xx', { statuses: [502], suspects: [] }],
  ['old scanners cannot connect', 'unspecified', { clients: ['scanners'] }],
  ['fails from Node 12, curl works', 'unspecified', { clients: ['node 12'] }],
  ['Java 7 and Android 4.4 fail', 'unspecified', { clients: ['java 7', 'android 4.4'] }],
  ['only for me the wiki is down', 'unspecified', { onlyReporter: true }],
  ['wiki is down, is it just me?', 'unspecified', { onlyReporter: true }],
  ['from my laptop wiki fails', 'unspecified', { onlyReporter: true }],
  ['nur bei mir geht es nicht', 'unspecified', { onlyReporter: true }],
  ['anyone else? wiki is down', 'unspecified', { onlyReporter: false }],
];

for (const [text, kind, more = {}] of ROWS)
  test(`symptoms: ${text}`, () => {
    const { kinds, statuses, course, suspects, clients, onlyReporter } = symptomsIn(text);
    assert.equal(kinds[0], kind);
    const got = { statuses, course, suspects, clients, onlyReporter };
    const plain = { statuses: [], course: 'steady', suspects: [], clients: [], onlyReporter: false };
    assert.deepEqual(got, { ...plain, ...more });
  });
