import type { SymptomKind, Symptoms } from '../../diagnostics/types.ts';
import { courseIn } from './course.ts';
import { ERROR_STRINGS } from './error-strings.ts';
import { STATUS_CLASS, statusesIn } from './statuses.ts';
import { anyOf, fold } from './words.ts';

/** What a status says about the kind of trouble; 52x are Cloudflare's words for what the origin did. */
const STATUS_KINDS: readonly { from: number; to: number; kinds: SymptomKind[] }[] = [
  { from: 525, to: 525, kinds: ['handshake', 'errors-5xx'] },
  { from: 526, to: 526, kinds: ['certificate', 'errors-5xx'] },
  { from: 521, to: 521, kinds: ['errors-5xx', 'reset'] },
  { from: 522, to: 524, kinds: ['errors-5xx', 'timeout'] },
  { from: 504, to: 504, kinds: ['errors-5xx', 'timeout'] },
  { from: 500, to: 530, kinds: ['errors-5xx'] },
  { from: 404, to: 404, kinds: ['not-found'] },
  { from: 413, to: 413, kinds: ['too-large'] },
  { from: 431, to: 431, kinds: ['too-large'] },
  { from: 401, to: 401, kinds: ['forbidden'] },
  { from: 403, to: 403, kinds: ['forbidden'] },
  { from: 408, to: 408, kinds: ['timeout'] },
];

/** People's own words for a kind, folded (words.ts), most telling first. */
const WORDS: readonly { kind: SymptomKind; pattern: RegExp }[] = [
  {
    kind: 'certificate',
    pattern: anyOf(
      "cert(?:ificate)?s?(?:[^.\\n]|\\.(?=\\S)){0,60}(?:expired?|invalid|wrong|not trusted|untrusted|self-?signed|warnings?|errors?|problems?|mismatch|another|different)|connection is(?: not|n't) private|(?:expired?|invalid|wrong|self-?signed|bad|untrusted|fake|default) cert\\w{0,8}|not secure|security warnings?|privacy error|zertifikat\\w{0,12}|certifikat\\w{0,4}|certyfikat\\w{0,4}|certificats?|certificado|certificato|certificaat",
    ),
  },
  {
    kind: 'handshake',
    pattern: anyOf(
      '(?:provide|establish|create|make) a secure connection|(?:tls|ssl)[^.\\n]{0,30}(?:errors?|fail\\w{0,5}|broken|problems?)|handshakes?|ciphers?|cipher suites?',
    ),
  },
  {
    kind: 'redirect-loop',
    pattern: anyOf(
      'redirect loops?|endless(?:ly)? redirect\\w{0,3}|redirects? (?:forever|in circles|to itself|endlessly|all the time)|keeps redirecting',
    ),
  },
  {
    kind: 'uneven',
    pattern: anyOf(
      '(?:one|single|same|just one|only one|1)(?: of (?:their|the|our|its|four|three|\\w{1,5}))?(?: \\w{1,12}){0,2} (?:pods?|instances?|replicas?|endpoints?|servers?|backends?|nodes?)(?! (?:died|crash\\w{0,4}))|unbalanced|uneven(?:ly)?|imbalanced?|load ?balancing (?:is )?(?:off|broken|wrong)|all (?:the )?(?:load|traffic|requests) (?:goes|go|on|to)|all the (?:load|traffic|requests)|(?:others?|the rest)(?: \\w{1,6}){0,3} (?:idle|bored|(?:do|doing) nothing)',
    ),
  },
  {
    kind: 'disconnects',
    pattern: anyOf(
      'drops?|dropp(?:ed|ing)(?! to)|disconnects?|disconnect(?:ed|ing)|reconnect(?:s|ing)?|kick(?:s|ed|ing)?(?: \\w{2,6})? out|log(?:s|ged) (?:me|us|people|users) out|cut(?:s|ting)? (?:me |us )?off|gets? cut|web ?sockets?|long[- ]lived|live (?:screens?|updates?|panels?)|bricht(?: \\w{1,10}){0,3} ab|abbruche|vypadava|rozlacza|se coupe|se desconecta|desconecta|si disconnette|verbreekt',
    ),
  },
  {
    kind: 'slow',
    pattern: anyOf(
      'slow(?:er|ly|ness)?|crawl(?:s|ing)?|sluggish|lagg?(?:y|ing|s)|hangs?|hanging|hung|stuck|spinner|spins|spinning|freez(?:es|ing)|frozen|takes? (?:for ?ever|ages|minutes|a minute|\\d+(?:[.,]\\d+)?(?: ?(?:-|–|to) ?\\d+)? ?(?:s|sec|seconds|min|minutes))|for ages|loads? for ?ever|latency|high response times?|p9[059]|\\d+ ?s(?:ec(?:onds?)?)? (?:or more|to load|(?:for|per) (?:a|every|each)?)|langsam|lahmt|hangt|pomal[eyau]|toci se|wolno|lente?s?|rame|lent[oa]s?|traag|langzaam|travand[oa]|seka se',
    ),
  },
  {
    kind: 'timeout',
    pattern: anyOf(
      "time(?:s|d)?[ -]?outs?|timing out|no (?:response|answer)|never (?:answers|responds|returns)|(?:does|do|did)(?:n't| not) (?:respond|answer)|not responding|unresponsive|zeituberschreitung|antwortet nicht|neodpovida|nie odpowiada|ne repond (?:pas|plus)|no responde|nao responde|non risponde|reageert niet",
    ),
  },
  {
    kind: 'reset',
    pattern: anyOf(
      'resets?(?: \\w{1,10}){0,3} connections?|connections? (?:\\w{1,10} ){0,2}(?:resets?|refused|aborted)|refus(?:es|ed|ing) (?:\\w{1,10} ){0,2}connections?|verbindung\\w{0,4} (?:\\w{1,10} ){0,2}(?:zuruckgesetzt|verweigert|abgelehnt)',
    ),
  },
  {
    kind: 'too-large',
    pattern: anyOf(
      '(?:upload|file|attachment|body|header|cookie)s?[^.\\n]{0,40}too (?:large|big)|too (?:large|big)',
      '(?:upload|photo|picture|image|attachment|file)\\w{0,3}[^\\n]{0,200}(?:tiny|small|smaller|little) (?:ones?|files?|pictures?|images?) (?:are |is )?(?:accepted|works?|fine|ok|okay|go(?:es)? through|pass)',
    ),
  },
  { kind: 'forbidden', pattern: anyOf('forbidden|access denied|unauthori[sz]ed|not allowed|blocked') },
  {
    kind: 'not-found',
    pattern: anyOf(
      'page not found|not found|(?:is|are|just) gone|disappeared|vanished|default backend|seite nicht gefunden|stranka nenalezena',
    ),
  },
  {
    kind: 'wrong-content',
    pattern: anyOf(
      "wrong (?:page|site|app(?:lication)?|content|website|host)|(?:old|different|other|previous) (?:page|site|version|release|content)(?: \\w{1,10}){0,2} (?:shows?|appears?|shown|served|comes)|(?:shows?|serves?|showing|serving|see|get|lands? on|opens?) (?:me )?(?:another|the wrong|someone else'?s?|somebody else'?s?|the old|an old|a different|the login page of|stale)|nginx welcome page|welcome to nginx|it works!|blank page|white (?:page|screen)|empty page|weisse? seite|page blanche",
    ),
  },
  {
    kind: 'name',
    pattern: anyOf("dns|name resolution|does(?:n't| not) resolve|not resolv(?:e|ing|able)|can(?:'t|not) resolve"),
  },
  {
    kind: 'errors-5xx',
    pattern: anyOf('(?:server|gateway|backend|upstream) errors?|serverfehler|chyba serveru|erreur serveur'),
  },
];

/** Proxies and balancers that people blame by name, each under the name it is known by. */
const SUSPECTS: readonly { name: string; pattern: RegExp }[] = [
  ...'traefik nginx haproxy envoy istio contour caddy apache cloudflare akamai fastly nlb alb elb metallb keepalived kong varnish squid'
    .split(' ')
    .map((name) => ({ name, pattern: new RegExp(`(?<![\\w.@-])${name}(?:'s)?(?!\\w|-\\w|\\/\\d|\\.\\w)`, 'gi') })),
];
/** A proxy's name inside what it said itself ("502 Bad Gateway nginx/1.22.1", "from nginx", "TRAEFIK DEFAULT CERT") accuses nobody. */
const QUOTED_AFTER = /^ (?:default cert|logs?\b|access|metrics|dashboard)/i;

/** Clients that a report singles out: old ones, devices, platforms. */
const CLIENTS =
  /(?<![\w.])(sap(?: p[io])?|icm|java ?\d{1,2}(?:u\d{1,3})?|jdk ?\d{1,2}|openjdk ?\d{1,2}|node(?:\.?js)? ?v?\d{1,2}|\.net(?: (?:framework|core))? ?\d(?:\.\d)?|android ?\d{1,2}(?:\.\d)?|ios ?\d{1,2}(?:\.\d)?|iphones?|ipads?|windows (?:xp|ce|7|8|10|server 20\d\d)|win(?: ?7| ?xp)|wince|openssl ?\d\.\d(?:\.\d\w?)?|python ?[23](?:\.\d{1,2})?|ie ?(?:8|9|10|11)|internet explorer|handhelds?|scanners?|robots?|terminals?|mobile apps?|android apps?|ios apps?|legacy (?:clients?|systems?|partners?)|(?:old|older) (?:clients?|phones?|tablets?|devices?|partners?|browsers?|androids?))\b/gi;
/** What stands before or after a client that works: "curl works" singles out the others. */
const CLIENT_WORKS = /^[^.,;\n]{0,20}\b(?:works?|working|is fine|are fine|ok|okay|no problem)\b/i;

/** Only the writer is hit, or may be; folded. */
const ONLY_ME = anyOf(
  "(?<!not )(?:only|just) (?:for |at |on |happens to )?(?:me|my (?:laptop|machine|phone|browser|computer|pc|mac|side|end|vpn|account|network|wifi|connection|home))(?! and)|is it (?:just|only) me|i alone|(?:i'?m|i am|am i) the only|(?:from|on|with) my (?:laptop|home|phone|machine|mac|pc|computer|notebook|browser|vpn)|(?:for|at) me only",
  'nur (?:bei )?(?:mir|ich)|bei mir(?! und)|jen (?:mne|u me|ja)|jenom (?:mne|ja)|tylko (?:u mnie|mnie|ja)|u mnie|que (?:chez )?moi|chez moi(?! ni| et)|solo (?:me (?:pasa )?)?(?:a mi|yo|me|io|a me)|so (?:comigo|eu)|alleen (?:bij )?(?:mij|ik)',
);
/** Others are well, which singles out the writer if it is one person who writes. */
const OTHERS_FINE = anyOf(
  "(?:works|working|fine|ok) for (?:everyone|everybody|all|others|the others|my (?:colleagues?|team\\w{0,5}))(?: else)?|(?:nobody|no one) else|(?:everyone|everybody|all others|(?:the )?others|the rest|(?:my )?(?:colleagues?|team\\w{0,5}))(?: else)?(?: (?!not|but|and|who)\\w{1,10}){0,4} (?:(?:is|are|was|were) (?:fine|ok|okay|good|happy)|can(?! ?not|'t)|could(?! not|n't)|works?|ha(?:s|ve|d) no)",
);
const ONE_WRITER = anyOf("i|i'm|me|my|mine");
/** Others are hit or are asked whether they are, or a machine watches: not only the writer, as far as anybody knows. */
const OTHERS_TOO = anyOf(
  'anyone else|anybody else|someone else|everyone|everybody|for all of us|customers?|nobody (?:can|in)|no one can|all of us|whole team|we|our|us|monitor\\w{0,5}|probes?|synthetic|alerts?',
);

const cutErrors = (text: string): string => text.slice(0, 120).trim();

/** Pure: the symptoms that a text describes. */
export function symptomsIn(text: string): Symptoms {
  const folded = fold(text);
  const kinds: SymptomKind[] = [];
  const errors: string[] = [];
  const add = (kind: SymptomKind): void => {
    if (!kinds.includes(kind)) kinds.push(kind);
  };
  for (const { kind, pattern } of ERROR_STRINGS) {
    const match = pattern.exec(text);
    if (!match) continue;
    add(kind);
    errors.push(cutErrors(match[0]));
  }
  const statuses = statusesIn(text);
  for (const status of statuses)
    for (const kind of STATUS_KINDS.find(({ from, to }) => status >= from && status <= to)?.kinds ?? []) add(kind);
  if (STATUS_CLASS.test(folded) && /5/.test(STATUS_CLASS.exec(folded)?.[0] ?? '')) add('errors-5xx');
  for (const { kind, pattern } of WORDS) if (pattern.test(folded)) add(kind);
  return {
    kinds: kinds.length ? kinds : ['unspecified'],
    statuses,
    errors,
    course: courseOf(text, kinds, statuses),
    suspects: SUSPECTS.filter(({ pattern }) => accuses(text, pattern)).map(({ name }) => name),
    clients: clientsIn(text),
    onlyReporter: isAlone(folded),
  };
}

/** What programs say has tenses of its own ("timed out"): the course is in people's words. */
const withoutErrors = (text: string): string =>
  ERROR_STRINGS.reduce((rest, { pattern }) => rest.replace(pattern, ' '), text);

/**
 * Some trouble comes and goes by its nature, however it is told: connections that drop, and 429 alone, which means too many
 * requests in a given time (RFC 6585 section 4), so that whoever asks less, or later, is answered.
 */
function courseOf(text: string, kinds: SymptomKind[], statuses: number[]): Symptoms['course'] {
  if (kinds[0] === 'disconnects') return 'intermittent';
  const course = courseIn(fold(withoutErrors(text)));
  return course === 'steady' && statuses[0] === 429 && statuses.length === 1 ? 'intermittent' : course;
}

function isAlone(folded: string): boolean {
  if (!ONLY_ME.test(folded) && !(ONE_WRITER.test(folded) && OTHERS_FINE.test(folded))) return false;
  return OUTRIGHT.test(folded) || !OTHERS_TOO.test(folded.replace(OTHERS_FINE, ' '));
}
/** Said in so many words, whoever else is mentioned. */
const OUTRIGHT = /(?<!not )\bonly (?:for )?me\b|is it (?:just|only) me|\bi alone\b|i(?:'m| am) the only/i;

const accuses = (text: string, pattern: RegExp): boolean =>
  [...text.matchAll(pattern)].some((match) => !QUOTED_AFTER.test(text.slice(match.index + match[0].length)));

function clientsIn(text: string): string[] {
  const found = [...text.matchAll(CLIENTS)].filter((m) => !CLIENT_WORKS.test(text.slice(m.index + m[0].length)));
  return [...new Set(found.map((match) => match[0].toLowerCase()))];
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
