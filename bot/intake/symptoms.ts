import type { SymptomKind, Symptoms } from '../../diagnostics/types.ts';

/**
 * What the words of a report mean. Error strings first: they are what a program said, word for word; then people's own
 * words. Rows of proxies' symptom lists: OpenSSL, Node, curl, Java, Go, Python, Chrome, SAP.
 */
const SIGNATURES: readonly { kind: SymptomKind; pattern: RegExp }[] = [
  {
    kind: 'certificate',
    pattern:
      /ERR_CERT_\w+|NET::ERR_CERT\w*|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|CERTIFICATE_VERIFY_FAILED|ERR_TLS_CERT_ALTNAME_INVALID|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT\w*|SELF_SIGNED_CERT_IN_CHAIN|PKIX path (building|validation) failed\w*|x509: [^\n"]{5,80}|SEC_ERROR_\w+|SSL certificate problem[^\n"]{0,60}/i,
  },
  {
    kind: 'handshake',
    pattern:
      /ICM_HTTP_SSL_ERROR|SSSLERR_\w+|ERR_SSL_(PROTOCOL_ERROR|VERSION_OR_CIPHER_MISMATCH|WRONG_VERSION_NUMBER)|write EPROTO[^\n]{0,80}|\bEPROTO\b|1408F10B|0A00010B|wrong version number|(sslv3 |tlsv1 )?alert (handshake failure|protocol version|number \d+)|handshake[_ ]failure|SSLHandshakeException|no cipher suites? (supported|in common)[^\n"]{0,30}|protocol_version|Unsupported or unrecognized SSL message|first record does not look like a TLS handshake|server gave HTTP response to HTTPS client|WRONG_VERSION_NUMBER|oversized record received|SSL_ERROR_SYSCALL|unexpected eof while reading|SSL_ERROR_\w+|received fatal alert: ?\w+/i,
  },
  {
    kind: 'redirect-loop',
    pattern:
      /ERR_TOO_MANY_REDIRECTS|too many redirects|redirect(ion|ed)? (loop|you too many times)|maximum \(?\d+\)? redirects/i,
  },
  {
    kind: 'too-large',
    pattern:
      /\b413\b|request entity too large|payload too large|\b431\b|request header fields too large|too big header/i,
  },
  { kind: 'not-found', pattern: /404 page not found|\b404\b|page not found|default backend/i },
  {
    kind: 'errors-5xx',
    pattern:
      /\b5(0[0-9]|1[0-9]|2[0-9]|30)\b(?!\s?(ms|mb|kb|gb|users?|requests?|times|€|\$|eur))|\b5xx\b|\b50\ds\b|bad gateway|internal server error|service (temporarily )?unavailable|gateway time-?out|no available server|upstream connect error|no healthy upstream|FetchError/i,
  },
  {
    kind: 'reset',
    pattern:
      /ECONNRESET|connection (was )?reset( by peer)?|ERR_CONNECTION_(RESET|CLOSED|ABORTED)|ERR_EMPTY_RESPONSE|empty reply from server|socket hang up|unexpected EOF|broken pipe|recv failure/i,
  },
  {
    kind: 'timeout',
    pattern:
      /ETIMEDOUT|ERR_CONNECTION_TIMED_OUT|ERR_TIMED_OUT|(operation|connection|request|read) timed ?out|time(d|s)?[ -]?out|deadline exceeded|context canceled|SocketTimeoutException|curl: \(28\)/i,
  },
  {
    kind: 'name',
    pattern:
      /ENOTFOUND|NXDOMAIN|ERR_NAME_NOT_RESOLVED|DNS_PROBE\w*|could not resolve host|name or service not known|getaddrinfo|UnknownHostException|no such host/i,
  },
  { kind: 'reset', pattern: /ECONNREFUSED|ERR_CONNECTION_REFUSED|connection refused/i },
  { kind: 'forbidden', pattern: /\b403\b|forbidden|access denied|\b401\b|unauthori[sz]ed/i },
];

const WORDS: readonly { kind: SymptomKind; pattern: RegExp }[] = [
  {
    kind: 'certificate',
    pattern:
      /\bcert(ificate)?s?\b[^.\n]{0,40}(expired?|invalid|wrong|not trusted|self-?signed|warning|error|problem)|connection is not private|(expired?|invalid|wrong|self-?signed) cert|not secure|security warning/i,
  },
  {
    kind: 'disconnects',
    pattern:
      /\b(drops?|dropp(ed|ing)|disconnects?|disconnect(ed|ing)|reconnect(s|ing)?|kicked out|cuts? off|gets? cut|websockets?|long[- ]lived|live (screens?|updates?))\b/i,
  },
  {
    kind: 'uneven',
    pattern:
      /\b(one|single|same|just one|only one)( of (their|the|our|its)? ?\w+)? (pods?|instances?|replicas?|endpoints?|servers?|backends?|nodes?)\b|unbalanced|uneven|imbalance|load balancing (is )?(off|broken|wrong)|all (the )?(load|traffic) (goes|on|to)/i,
  },
  {
    kind: 'slow',
    pattern:
      /\b(slow(er|ly)?|crawl(s|ing)?|sluggish|lagg(y|ing)|hangs?|hanging|spinner|spinning|takes (ages|forever|\d+ ?s)|for ages|latency|langsam|pomal[eéyý]|\d+ ?s(ec(onds?)?)? (or more|to load|for (a|every|each)))\b|high response times?/i,
  },
  {
    kind: 'wrong-content',
    pattern:
      /wrong (page|site|app|content)|(old|different|other) (page|site|version) (shows|appears|is shown)|shows? (another|the wrong|someone else)/i,
  },
  { kind: 'handshake', pattern: /\b(tls|ssl)\b[^.\n]{0,30}(error|fail|broken|problem|handshake)|handshake/i },
  { kind: 'not-found', pattern: /\b(is|are) gone\b|disappeared|vanished/i },
];

/** General words of trouble: they make a report, though they do not say what kind. */
const TROUBLE =
  /\b(down|broken|broke|breaks|outage|unreachable|unavailable|dead|offline|crash(ed|es|ing)?|fail(s|ed|ing|ures?)?|errors?|erroring|not (working|loading|reachable|responding|available|opening)|(does|do|did|is|are|will|would|can)(n['’]?t| not) (work|load|open|respond|connect|reach|answer|log ?in|start|come up|be reached)(ing)?|cannot (reach|open|connect|load|access|log ?in|get)|can['’]?t (reach|open|connect|load|access|log ?in|get|post|see)|unable to|no response|nobody can|nothing (works|loads)|blank page|white (page|screen)|problems?|issues?|troubles?|acting up|weird|went away|kaputt|geht nicht|funktioniert nicht|nefunguje|nejde|ne fonctionne (pas|plus)|no funciona|caído|en panne)\b|\bis\b[^.?\n]{0,40}\bup\?/i;

const INTERMITTENT =
  /\b(sometimes|intermittent(ly)?|sporadic(ally)?|random(ly)?|occasional(ly)?|once in a while|now and then|from time to time|every (few|couple|now|\d+)|on and off|flaky|flapping|some (of the )?(requests|calls|users|people|pages)|a few (requests|users)|\d+ (in|out of|of) \d+ (requests|calls|tries|times)|\d+ ?% of|one in|not always|keeps? (dropping|disconnecting|failing|happening)|comes and goes|manchmal|ab und zu|občas|hin und wieder|unstable|in waves)\b/i;
const PAST =
  /\b((was|were|had been) (down|broken|slow|unreachable|failing|unavailable|returning|throwing|giving)|yesterday|last (night|week|evening)|earlier( today)?|this morning\b(?!.*\b(still|is|are)\b)|(went|been) down (at|around|for)|we (saw|had)|there (was|were)|got (a|some) \d+)\b/i;
const NOW = /\b(still|now|right now|currently|at the moment|again|since|is|are|keeps?)\b/i;

/** Proxies and balancers that people blame by name. */
const SUSPECTS = [
  'traefik',
  'nginx',
  'haproxy',
  'envoy',
  'istio',
  'contour',
  'caddy',
  'apache',
  'cloudflare',
  'nlb',
  'alb',
  'metallb',
  'keepalived',
  'kong',
];
const CLIENTS =
  /\b(sap|icm|java ?\d{1,2}|jdk ?\d{1,2}|node ?\d{1,2}|\.net(?: framework)? ?\d(?:\.\d)?|android ?\d(?:\.\d)?|windows (?:xp|ce|7|server 2008)|win7|wince|openssl ?\d\.\d(?:\.\d)?|ie ?(?:8|11)|handhelds?|scanners?|robots?|old (?:clients?|phones?|tablets?|devices?|partners?))\b/gi;
const ONLY_ME =
  /\b(only|just) (for )?(me|my (laptop|machine|phone|browser|computer|pc))\b|\bis it (just|only) me\b|works for (everyone|everybody|all|my colleagues?)( else)?|(nobody|no one) else|(from|on) my (laptop|home|phone|machine)\b/i;

/** Pure: the symptoms that a text describes. */
export function symptomsIn(text: string): { symptoms: Symptoms; trouble: boolean; signature: boolean } {
  const kinds: SymptomKind[] = [];
  const errors: string[] = [];
  const add = (kind: SymptomKind): void => {
    if (!kinds.includes(kind)) kinds.push(kind);
  };
  let signature = false;
  for (const { kind, pattern } of SIGNATURES) {
    const match = pattern.exec(text);
    if (!match) continue;
    signature = true;
    add(kind);
    errors.push(match[0].slice(0, 120));
  }
  for (const { kind, pattern } of WORDS) if (pattern.test(text)) add(kind);
  const trouble = kinds.length > 0 || TROUBLE.test(text);
  const statuses = [
    ...new Set(
      [...text.matchAll(/\b(4(?:0[0-9]|13|2[0-9]|31|99)|5(?:0[0-9]|2[0-7]))s?\b(?!\s?(?:ms|mb|kb|gb|users|€))/g)].map(
        (m) => Number(m[1]),
      ),
    ),
  ];
  const lower = text.toLowerCase();
  const intermittent = INTERMITTENT.test(text) || kinds.includes('disconnects');
  const past = PAST.test(text) && !NOW.test(text.replace(/\bsince (yesterday|last)\b.*/i, ''));
  return {
    symptoms: {
      kinds: kinds.length ? kinds : ['unspecified'],
      statuses,
      errors,
      course: intermittent ? 'intermittent' : past ? 'past' : 'steady',
      suspects: SUSPECTS.filter((name) => new RegExp(`(?<![\\w.-])${name}(?![\\w-]*\\/\\d)`).test(lower)),
      clients: [...new Set([...text.matchAll(CLIENTS)].map((m) => m[0].toLowerCase()))],
      onlyReporter: ONLY_ME.test(text),
    },
    trouble,
    signature,
  };
}

/** The symptoms of a question that names a target and nothing else. */
export function noSymptoms(): Symptoms {
  return {
    kinds: ['unspecified'],
    statuses: [],
    errors: [],
    course: 'steady',
    suspects: [],
    clients: [],
    onlyReporter: false,
  };
}
