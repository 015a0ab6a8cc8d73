import type { SymptomKind, Symptoms } from '../../diagnostics/types.ts';
import { ERROR_STRINGS } from './error-strings.ts';
import { sentencesIn } from './sentences.ts';
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
      "cert(?:ificate)?s?(?:[^.\\n]|\\.(?=\\S)){0,60}(?:expired?|invalid|wrong|not trusted|untrusted|self-?signed|warnings?|errors?|problems?|mismatch|another|different)|connection is(?: not|n't) private|(?:expired?|invalid|wrong|self-?signed|bad|untrusted|fake|default) cert\\w{0,8}|not secure|security warnings?|privacy error|zertifikat\\w{0,5}|certifikat\\w{0,4}|certyfikat\\w{0,4}|certificats?|certificado|certificato|certificaat",
    ),
  },
  {
    kind: 'handshake',
    pattern: anyOf(
      '(?:tls|ssl)[^.\\n]{0,30}(?:errors?|fail\\w{0,5}|broken|problems?)|handshakes?|ciphers?|cipher suites?',
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
      'drops?|dropp(?:ed|ing)|disconnects?|disconnect(?:ed|ing)|reconnect(?:s|ing)?|kick(?:s|ed|ing)?(?: \\w{2,6})? out|log(?:s|ged) (?:me|us|people|users) out|cut(?:s|ting)? (?:me |us )?off|gets? cut|web ?sockets?|long[- ]lived|live (?:screens?|updates?|panels?)|bricht(?: \\w{1,10}){0,3} ab|abbruche|vypadava|rozlacza|se coupe|se desconecta|desconecta|si disconnette|verbreekt',
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

/** It comes and goes, or hits some and not others; folded. */
const INTERMITTENT = anyOf(
  '(?:single|occasional|isolated|odd) (?:[45]\\d\\d|errors?|timeouts?)|(?:then|and) (?:the )?(?:next|second) (?:click|try|request|attempt|one) (?:works|is (?:fine|ok)|goes)|sometimes|some ?times|intermittent(?:ly)?|sporadic(?:ally)?|randomly|random|occasional(?:ly)?|once in a while|(?:every )?now and (?:then|again)|from time to time|every (?:few|couple|now|other|second|third|\\d+)[^.\\n]{0,20}|every minute or so|on and off|off and on|(?:ok(?:ay)?|fine|good|works|fast|quick) (?:again )?for (?:a (?:bit|while|moment|minute|few)|some)|then (?:it )?(?:hangs|fails|breaks|stops|dies|is slow|slow) again|back and forth|flak(?:y|ey)|flapping|unstable|in waves|comes and goes|not always|hit (?:and|or) miss|at times|hiccups?|blips?|unreliable|partially|again and again|all the time|keeps? (?:dropping|disconnecting|failing|happening|dying|crashing)|helps|after (?:a )?(?:reload|refresh|retry)',
  '(?:some|few|half|part|most|many)(?: of)?(?: (?:the|our|all|my|their))? (?:requests?|calls|users|people|pages|customers|payments?|connections|images|clients|pods|orders)|a few (?:requests|users|customers)|\\d+ ?(?:in|out of|of|/) ?\\d+ (?:\\w{1,10} )?(?:requests|calls|tries|times|clicks|attempts|users|get)|\\d+ ?%|one in (?:two|three|four|five|ten|\\d+)|(?:1|one) out of (?:\\d+|ten|five|three|two)|every (?:second|third|other) (?:request|click|try)',
  'manchmal|ab und zu|hin und wieder|gelegentlich|sporadisch|immer wieder|zeitweise|obcas|nekdy|chvilemi|czasami|czasem|co jakis czas|parfois|de temps en temps|par moments|a veces|de vez en cuando|intermitente|as vezes|de vez em quando|a volte|ogni tanto|soms|af en toe',
);
/** It is said to be over. */
const PAST = anyOf(
  '(?:was|were|had been)(?: (?:completely|totally|briefly|shortly|all|just|also|really|very|kind of|not))* (?:down|broken|slow|unreachable|failing|unavailable|returning|throwing|giving|dead|offline|gone|flaky|timing out|responding|reachable|available|working|loading|getting|seeing|hanging|unstable)',
  '(?:went|gone) down (?:at|around|for|briefly)|(?:we|i|they|customers|users) (?:saw|had|got|noticed)|there (?:was|were)|got (?:a|some|several) (?:\\w{1,10} )?(?:\\d|errors?|timeouts?)|(?:short|brief) (?:outage|interruption|blip|hiccup)|(?<!has |have )(?:threw|returned|gave|crashed|died)(?= |$)',
  '(?:war|waren|gab es) (?:\\w{1,12} ){0,4}(?:down|weg|langsam|nicht erreichbar|kaputt|fehler|probleme)|nefungoval[aoy]?|nesel|nie dzialal[aoy]?',
);
/** Days and hours that are over. They date trouble only where no change is told: "since they changed it yesterday". */
const PAST_DAY = anyOf(
  'yesterday|last (?:night|evening)|earlier(?: today)?|this morning|at (?:lunch|noon|night)|gestern|vcera|wczoraj|hier soir|ayer|ieri|ontem|gisteren',
);
const TOLD_CHANGE = anyOf(
  '(?:chang|add|deploy|releas|upgrad|updat|migrat|mov|switch|replac|roll|renew|restart|install|remov)\\w{0,5}|rollout|after|since|until|before|seit|nach|od|po|depuis|desde|sinds',
);
/** It goes on, whatever was said of the past. */
const NOW = anyOf(
  "still|right now|currently|at the moment|again(?! (?:now|fine))|since(?! yesterday(?:,| and| until))|keeps?|is (?:down|broken|slow|failing|dead|unreachable|timing|throwing|returning|giving|getting|showing|not)|are (?:down|broken|slow|failing|getting|seeing|timing|not)|(?:is|are)n't|doesn't|don't|can't|cannot|returns|gives|throws|shows|fails|hangs|times out",
  'immer noch|noch immer|seit|porad|stale|od|nadal|wciaz|toujours|depuis|sigue|desde|ainda|ancora|sinds|nog steeds',
);
/** Past for all that: it works at the time of writing. */
const WORKS_NOW = anyOf(
  "(?<!(?:not|n't|never|was|is it|stopped) )(?:works?|working|fine|ok|okay|good|up|back|normal|green|stable|loads)(?: (?:fine|just|ok))? (?:again|now|at the moment|since(?=$|[.,!]))|now (?:it'?s |its |it is )?(?:fine|ok|okay|good|works)|is (?:back|over)(?! to)|recovered|gone now|jetzt (?:wieder|geht)|geht wieder|uz (?:jde|jede|funguje)|juz dziala",
);

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
  '(?:only|just) (?:for |at |on )?(?:me|my (?:laptop|machine|phone|browser|computer|pc|mac|side|end))(?! and)|is it (?:just|only) me|(?:works|working|fine|ok) for (?:everyone|everybody|all|others|the others|my (?:colleagues?|team\\w{0,5}))(?: else)?|(?:my )?colleagues (?:are fine|have no|can)|(?:nobody|no one) else|(?:from|on|with) my (?:laptop|home|phone|machine|mac|pc|computer|notebook|browser|vpn)|(?:for|at) me only',
  'nur (?:bei )?(?:mir|ich)|bei mir(?! und)|jen (?:mne|u me|ja)|jenom (?:mne|ja)|tylko (?:u mnie|mnie|ja)|u mnie|que (?:chez )?moi|chez moi|solo (?:a mi|yo|me|io|a me)|so (?:comigo|eu)|alleen (?:bij )?(?:mij|ik)',
);
/** Others are asked whether they see it too: not only the writer, as far as anybody knows. */
const OTHERS_TOO = anyOf(
  'anyone else|anybody else|someone else|everyone|everybody(?! else)|for all of us|customers?|nobody (?:can|in)|no one can|all of us|whole team|we',
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
    course: courseOf(fold(withoutErrors(text)), kinds),
    suspects: SUSPECTS.filter(({ pattern }) => accuses(text, pattern)).map(({ name }) => name),
    clients: clientsIn(text),
    onlyReporter:
      ONLY_ME.test(folded) &&
      !(OTHERS_TOO.test(folded) && !/\bonly (?:for )?me\b|is it (?:just|only) me/i.test(folded)),
  };
}

/** What programs say has tenses of its own ("timed out"): the course is in people's words. */
const withoutErrors = (text: string): string =>
  ERROR_STRINGS.reduce((rest, { pattern }) => rest.replace(pattern, ' '), text);

function courseOf(folded: string, kinds: SymptomKind[]): Symptoms['course'] {
  if (INTERMITTENT.test(folded) || kinds[0] === 'disconnects') return 'intermittent';
  if (WORKS_NOW.test(folded) && !/\bstill\b/i.test(folded)) return 'past';
  const dated = sentencesIn(folded).some(({ text }) => PAST_DAY.test(text) && !TOLD_CHANGE.test(text));
  return (dated || PAST.test(folded)) && !NOW.test(folded) ? 'past' : 'steady';
}

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
