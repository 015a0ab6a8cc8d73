import { UNITS } from './zones.ts';

/** Numbers as words, in the languages that reports come in. */
const NUMBERS: { [word: string]: number } = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  ten: 10,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fortyfive: 45,
  'a couple of': 2,
  'couple of': 2,
  'a couple': 2,
  einer: 1,
  einem: 1,
  eine: 1,
  ein: 1,
  zwei: 2,
  drei: 3,
  vier: 4,
  funf: 5,
  zehn: 10,
  funfzehn: 15,
  zwanzig: 20,
  dreissig: 30,
  hodinu: 1,
  jednu: 1,
  dve: 2,
  dvou: 2,
  dva: 2,
  tri: 3,
  tri_: 3,
  ctyri: 4,
  pet: 5,
  deset: 10,
  patnact: 15,
  dvacet: 20,
  un: 1,
  une: 1,
  deux: 2,
  trois: 3,
  quatre: 4,
  cinq: 5,
  dix: 10,
  quinze: 15,
  vingt: 20,
  trente: 30,
  una: 1,
  uno: 1,
  dos: 2,
  tres: 3,
  cinco: 5,
  diez: 10,
  veinte: 20,
  treinta: 30,
  uma: 1,
  um: 1,
  duas: 2,
  dois: 2,
  dez: 10,
  vinte: 20,
  trinta: 30,
  "un'": 1,
  due: 2,
  tre: 3,
  cinque: 5,
  dieci: 10,
  venti: 20,
  trenta: 30,
  een: 1,
  twee: 2,
  drie: 3,
  vijf: 5,
  tien: 10,
  twintig: 20,
  dertig: 30,
  dwie: 2,
  dwoch: 2,
  trzy: 3,
  piec: 5,
  dziesiec: 10,
  dziesieciu: 10,
};
/** Units of time in those languages, by their beginnings; the first that matches counts. */
const UNIT_WORDS: readonly [unit: number, pattern: RegExp][] = [
  [UNITS.second, /^(?:s|sec|secs|seconds?|sekund\w{0,3}|secondes?|segundos?|secondi)$/],
  [UNITS.minute, /^(?:m|mn|mins?|minut\w{0,4})$/],
  [
    UNITS.hour,
    /^(?:h|hrs?|hours?|std|stunden?|hod|hodin\w{0,3}|godz|godzin\w{0,3}|heures?|horas?|or[ae]|uur|uren|uurtje)$/,
  ],
  [UNITS.day, /^(?:d|days?|tag(?:e|en)?|dn[iy]|den|dny|dnu|jours?|dias?|giorn[oi]|dag(?:en)?|dzien)$/],
  [UNITS.week, /^(?:w|weeks?|wochen?|tydn\w{1,3}|tyden|tygodni\w{0,2}|semaines?|semanas?|settiman[ae]|weken)$/],
];
const UNIT =
  's|sec|secs|seconds?|sekund\\w{0,3}|secondes?|segundos?|secondi|mn|mins?|minut\\w{0,4}|m|hrs?|hours?|std|stunden?|hodin\\w{0,3}|hod|godzin\\w{0,3}|godz|heures?|horas?|or[ae]|uurtje|uur|uren|h|days?|tag(?:e|en)?|dny|dnu|dni|jours?|dias?|giorn[oi]|dag(?:en)?|d|weeks?|wochen?|tydn\\w{1,3}|tygodni\\w{0,2}|semaines?|semanas?|settiman[ae]';
const COUNT = `\\d{1,4}(?:[.,]\\d{1,2})?|${Object.keys(NUMBERS)
  .filter((word) => !/_/.test(word))
  .sort((a, b) => b.length - a.length)
  .join('|')}`;
const ABOUT =
  "(?:(?:about|around|roughly|approx(?:imately)?\\.?|circa|ca\\.?|at least|almost|nearly|over|more than|like|maybe|some|the (?:last|past)|the|good|now|etwa|ungefahr|gut|fast|uber|rund|knapp|asi|priblizne|zhruba|okolo|cca|pres|dobrych|ok\\.?|jakichs|jakies|ponad|environ|a peu pres|plus de|presque|unos|unas|mas de|casi|aproximadamente|cerca de|mais de|uns|umas|circa|quasi|piu di|ongeveer|zo'n|bijna|al|ruim|already|well over|just|last|ultim[oa]s) ?)";

/** "For about 20 min", "seit 40 Minuten", "depuis 10 minutes": words that make a span a beginning. */
const SPAN_BEFORE =
  'since|for|in the last|over the last|last|past|the last|the past|over|already|going on for|been|during the last|down|dead|broken|offline|out|seit|schon|vor|in den letzten|die letzten|od|pred|przed|uz|jiz|poslednich|behem poslednich|juz(?: od)?|przez|ostatnich|depuis|il y a|ca fait|cela fait|ces|dernieres|derniers|desde hace|hace|los ultimos|las ultimas|lleva|llevamos|ha|faz|tem|ha cerca de|nos ultimos|nas ultimas|da|negli ultimi|nelle ultime|sinds|al|de laatste|afgelopen';
/** "20 min ago", "10 minuti fa", "20 minuten geleden". */
const SPAN_AFTER = 'ago|back|earlier|zpet|zpatky|temu|fa|atras|geleden|now|already|straight|and counting';
const SPAN = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:(${SPAN_BEFORE})[ ~]{1,3}${ABOUT}{0,3}~?)?(?<![\\p{L}\\p{N}:.,])((?:\\d{1,4}(?:[.,]\\d{1,2})?(?=\\+?[ -]?\\p{L}))|(?:${COUNT})(?=[ -]))\\+?[ -]?(${UNIT})(?:(?: (?:and|a|und|et|y|e))? ?(half|\\d{1,2}) ?(m|mins?|minut\\w{0,4})?)?\\.?(?: (${SPAN_AFTER}))?(?![\\p{L}\\p{N}])`,
  'giu',
);
/** Halves and quarters have words of their own. */
const PARTS_OF_HOURS: readonly { minutes: number; pattern: RegExp }[] = [
  {
    minutes: 90,
    pattern:
      /\b(?:an|one) hour and a half|\ban? (?:one )?and a half hours?|1 1\/2 hours?|anderthalb(?:en)? stunden?|eineinhalb stunden?|hodinu a pul|poltora godziny|poltorej godziny|une heure et demie|hora y media|hora e meia|un'ora e mezza|anderhalf uur/i,
  },
  {
    minutes: 15,
    pattern:
      /\b(?:a )?quarter of an hour|(?:an? )?quarter hour|viertelstunde|ctvrt hodiny|ctvrthodin\w{1,2}|kwadransa?|un quart d'heure|un cuarto de hora|quinze minutos|un quarto d'ora|een kwartier|kwartier/i,
  },
  {
    minutes: 45,
    pattern: /\b(?:three quarters of an hour|dreiviertelstunde|tri ctvrte hodiny|trois quarts d'heure|drie kwartier)/i,
  },
  {
    minutes: 30,
    pattern:
      /\bhalf an? hour|\ba half[ -]hour|\bhalf hour|halben? stunde|pul ?hodin\w{1,2}|pol godziny|pul hodky|demi[- ]heure|media hora|meia hora|mezz'?ora|half uur|halfuur/i,
  },
  {
    minutes: 60,
    pattern:
      /\b(?:since|for|over|past|last|in the last|about|almost|nearly) (?:the (?:last|past) |about |almost |over |more than )?(?:an |a |one )?hour\b(?! (?:and|ago))|\b(?:about |almost |over )?an hour (?:ago|now|already)|seit (?:etwa |uber |gut )?(?:ein(?:er)? )?stunde|vor (?:einer|ner) stunde|od godziny\b(?! \d)|godzine temu|(?:uz|pred) hodin(?:u|ou)|depuis (?:environ |plus d')?une heure|il y a une heure|hace una hora|(?:ha|faz) (?:cerca de )?uma hora|da (?:circa )?un'?ora|un'?ora fa|al een uur|sinds een uur|een uur geleden/i,
  },
];

/** Pure: how long ago in words that are counted, ms, out of folded text; null: it says none. */
export function spanIn(text: string): number | null {
  const part = PARTS_OF_HOURS.find(({ pattern }) => pattern.test(text));
  return part ? part.minutes * UNITS.minute : spanOf(text);
}

function spanOf(text: string): number | null {
  for (const match of text.matchAll(SPAN)) {
    const [whole, before, count = '', unitWord = '', more, , after] = match;
    // "Takes 3 s" is how long a request takes, not since when: a span needs a word that makes it one.
    if (!before && !after) continue;
    // "Depuis 15h20" is a time of day.
    if (/\dh\d\d$/i.test(whole) && !/^(?:for|last|past|seit|vor|ha|faz|il y a|hace|desde hace)$/i.test(before ?? ''))
      continue;
    // "Depuis 9h" too: nobody counts nine hours.
    if (/^(?:depuis|des)$/i.test(before ?? '') && /(?<!\d)(?:[6-9]|1\d|2[0-3]) ?h$/i.test(whole)) continue;
    const unit = UNIT_WORDS.find(([, pattern]) => pattern.test(unitWord.toLowerCase()))?.[0];
    if (unit === undefined) continue;
    if (unit < UNITS.minute && after !== 'ago') continue;
    if (/^(?:for|over|a|al|da|ha|od|o)$/i.test(before ?? '') && unit >= UNITS.day * 5 && !after) continue;
    const value = NUMBERS[count.toLowerCase()] ?? Number(count.replace(',', '.'));
    if (!Number.isFinite(value) || value <= 0) continue;
    const extra = more === 'half' ? unit / 2 : unit === UNITS.hour ? Number(more ?? 0) * UNITS.minute : 0;
    return value * unit + extra;
  }
  return null;
}
