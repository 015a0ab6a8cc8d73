import { signedSpanOf, signedTimeOf } from './since-signs.ts';
import { fold } from './words.ts';
import { type Clock, clockNamed, clockOf, instantOf, lastTime, UNITS, ZONE_NAMES } from './zones.ts';

/** Since when: the words of people, in the writer's own zone. Everything here reads folded text (words.ts). */

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

/** Words before a time of day that make it a beginning. */
const CLOCK_BEFORE =
  'since|from|after|around|at|@|started|starting|start|begins?|began|beginning|as of|until|till|between|by|seit|ab|um|gegen|von|zwischen|od|kolem|okolo|po|ve|v|vcera|od godz\\.?|od godziny|okolo|o|depuis|des|a partir de|vers|a|entre|desde|a las|desde las|sobre las|as|desde as|por volta das|dalle|dalle ore|alle|verso le|da|sinds|vanaf|om|rond|tussen|~|kl\\.?';
const YESTERDAY =
  'yesterday|last night|last evening|gestern(?: abend| um)?|vcera(?: vecer)?|wczoraj(?: o| wieczorem)?|hier(?: soir)?|ayer|ieri(?: sera)?|ontem|gisteren(?:avond)?';
const TODAY =
  "today|this morning|this afternoon|tonight|this evening|heute(?: morgen| fruh| nachmittag)?|dnes(?:ka)?(?: rano)?|dzis(?:iaj)?|rano|ce matin|aujourd'hui|esta manana|hoy|hoje|oggi|stamattina|vanmorgen|vandaag|(?:this |in the )?morning|(?:in the )?afternoon";
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const WEEKDAY = 'sun(?:day)?|mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?';
const DAY_WORD = `(${YESTERDAY}|${TODAY}|${WEEKDAY})(?: (?:at|um|o|a las|a|v|ve|alle|om|as|around|about|from|,))?,? `;
const TIME =
  "(?:(\\d{1,2})(?:[:.]|h ?)(\\d{2})(?::\\d{2})?(?!\\.\\d|[.,]?\\d| ?%| ?(?:min|s\\b|ms|gb|mb))|(\\d{1,2})(?= ?(?:am|pm|a\\.m|p\\.m|uhr|o'?clock|hod|h\\b|heures?|uur|horas)|(?: (?:in the|this) (?:morning|afternoon|evening))| (?:today|yesterday)))";
const CLOCK = new RegExp(
  `(?<![\\p{L}\\p{N}:])(?:(?:(${CLOCK_BEFORE}) ?(?:(?:about|around|ca\\.?|cca|roughly|approx\\.?|at|like|~|circa|etwa|godz\\.?|godziny|las|les|le|as|ore) ?){0,2})?(?:${DAY_WORD})?)(?<![\\d:.])${TIME}(?: ?(a\\.?m\\.?|p\\.?m\\.?))?(?: ?(?:uhr|o'?clock|hod\\.?|h\\b|heures?|uur|horas|hrs?\\b))?(?: ?\\(?(${ZONE_NAMES})\\)?(?![\\p{L}\\p{N}]))?(?:,? (?:on |um )?(${YESTERDAY}|this morning|this afternoon|this evening|in the morning|in the afternoon|in the evening|${WEEKDAY}))?`,
  'giu',
);
/** "18:00 - 18:30 UTC", "between 18:00 and 18:30": the zone stands after the end. */
const RANGE_END = new RegExp(
  `^ ?(?:-|–|to|until|till|and|bis|az|do|a|tot|und|et|y|e|en|i) ?\\d{1,2}[:.h]\\d{2}(?: ?[ap]m)?(?: ?\\(?(${ZONE_NAMES})(?![a-z]))?`,
  'i',
);
/** "Since 4", "desde las 9", "od 9 rano": a bare hour, only after these words and at the end of what is said. */
const BARE_HOUR =
  /(?<![\p{L}\p{N}])(?:since|seit|ab|od|sinds|vanaf|desde(?: las?| as)?|a partir de(?: las)?|depuis|dalle(?: ore)?|от|с|з)(?: (?:about|around|ca\.?|roughly|circa|kolem|okolo|like|etwa|ungefahr|environ))? ?~?(\d{1,2})(?:(?=$|[,;.!?)]|\s(?:and|but|today|or so|ish|und|aber|et|y|e|mais|pero|ma|i|a|und|en|nao|no|non|nie|ne)(?![\p{L}\p{N}]))| ((?:heute )?(?:fruh|morgen)|rano|du matin|de la manana|da manha|di mattina|del mattino|utra|утра|'s ochtends|this morning)(?![\p{L}\p{N}]))/iu;
/** "Half past nine", "viertel nach 9", "halb zehn", "nine o'clock": clock times in words. */
const HOURS_IN_WORDS: { [word: string]: number } = {
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  eins: 1,
  zwei: 2,
  drei: 3,
  vier: 4,
  funf: 5,
  sechs: 6,
  sieben: 7,
  acht: 8,
  neun: 9,
  zehn: 10,
  elf: 11,
  zwolf: 12,
};
const SPOKEN = new RegExp(
  `\\b(half past|quarter past|quarter to|half|halb|viertel nach|viertel vor|since|seit|ab|from) (\\d{1,2}|${Object.keys(HOURS_IN_WORDS).join('|')})(?= o'?clock|(?! ?(?:uhr|am|pm|[:.h]\\d|minut|hour|stund|day|tag|week|woch|min|h\\b|d\\b)))\\b( o'?clock)?`,
  'i',
);
const HOUR_ALONE = new RegExp(
  `\\b(?:since|seit) (${Object.keys(HOURS_IN_WORDS).join('|')})(?=\\s*(?:$|[,;.!?):])| (?:this|in the|today|or so|and|it|we|the|all|nothing|heute|morgens|fruh|rum|geht|gehen|ist|sind|kommt|nix|nichts|kein|keine|lauft|nur|alles|und|hangt)\\b)`,
  'i',
);
const SPOKEN_SHIFT: { [words: string]: number } = {
  'half past': 30,
  half: 30,
  halb: -30,
  'quarter past': 15,
  'viertel nach': 15,
  'quarter to': -15,
  'viertel vor': -15,
};
/** Parts of the day: when somebody at work means they begin. */
const DAY_PARTS: readonly { hour: number; back: number; pattern: RegExp }[] = [
  {
    hour: 12,
    back: 0,
    pattern:
      /\b(?:since|from|around|at|after|seit|od|depuis|desde|da|sinds) (?:noon|midday|lunch(?:time| break)?|mittags?|poledne|poludnia|midi|mediodia|meio-dia|mezzogiorno|de middag)\b/i,
  },
  {
    hour: 0,
    back: 0,
    pattern:
      /\b(?:since|from|around|at|seit|od|depuis|desde|da|sinds) (?:midnight|mitternacht|pulnoci|polnocy|minuit|medianoche|meia-noite|mezzanotte|middernacht|today|heute|dneska?|dzisiaj|aujourd'hui|hoy|hoje|oggi|vandaag)\b(?! (?:morgen|fruh|rano))/i,
  },
  {
    hour: 22,
    back: 1,
    pattern:
      /\b(?:since|from|seit|depuis|desde|od|da|sinds) (?:last night|gestern abend|vcerejska vecera|wczoraj wieczor\w{0,2}|hier soir|anoche|ontem a noite|ieri sera|gisteravond)\b/i,
  },
  {
    hour: 9,
    back: 1,
    pattern:
      /\b(?:since|from|seit|depuis|desde|od|da|sinds) (?:yesterday|gestern|vcerejska|vcera|wczoraj|hier|ayer|ontem|ieri|gisteren)\b/i,
  },
  {
    hour: 8,
    back: 0,
    pattern:
      /\b(?:since|from|seit|od|depuis|desde|da|sinds) (?:this morning|early morning|the morning|heute (?:morgen|fruh)|dnesniho rana|rana|rano|ce matin|esta manana|hoje de manha|stamattina|vanmorgen|vanochtend)\b/i,
  },
];

const ISO = /\b(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::\d{2})?(?:[.,]\d{1,9})? ?(Z|UTC|[+-]\d{2}:?\d{2})?/i;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** "16 Nov 18:00", "Nov 16, 18:00", "16.11. 18:00", "16.11.2026 18:00". */
const DATED = new RegExp(
  `\\b(?:(\\d{1,2})(?:st|nd|rd|th|\\.)? (${MONTHS.join('|')})[a-z]{0,6}\\.?|(${MONTHS.join('|')})[a-z]{0,6}\\.? (\\d{1,2})(?:st|nd|rd|th)?|(\\d{1,2})\\. ?(\\d{1,2})\\.)(?: ?\\d{4})?,?(?: at| um| v| o)? (\\d{1,2})[:.](\\d{2})(?: ?(am|pm))?(?: ?\\(?(${ZONE_NAMES})\\)?(?![a-z]))?`,
  'i',
);
const SLACK = 5 * UNITS.minute;
const OLDEST = 60 * UNITS.day;

const hourOf = (hour: number, half: string | undefined): number => {
  const said = half?.replaceAll('.', '').toLowerCase();
  if (said === 'pm' && hour < 12) return hour + 12;
  return said === 'am' && hour === 12 ? 0 : hour;
};

function stampOf(text: string, now: number, clock: Clock): number | null {
  const iso = ISO.exec(text);
  if (iso) {
    const [, year, month, day, hour, minute, zone] = iso;
    const shift = zone ? (/^(?:z|utc)$/i.test(zone) ? clockOf(null) : clockNamed(`utc${zone}`)) : clock;
    const at = instantOf(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), shift ?? clock);
    if (at <= now + SLACK && now - at < OLDEST) return at;
  }
  const dated = DATED.exec(text);
  if (dated) {
    const [, day1, month1, month2, day2, day3, month3, hour, minute, half, zone] = dated;
    const name = (month1 ?? month2)?.toLowerCase();
    const month = name === undefined ? Number(month3) - 1 : MONTHS.indexOf(name);
    const own = zone ? (clockNamed(zone) ?? clock) : clock;
    const year = new Date(now + clock(now)).getUTCFullYear();
    const at = instantOf(year, month, Number(day1 ?? day2 ?? day3), hourOf(Number(hour), half), Number(minute), own);
    if (at <= now + SLACK && now - at < OLDEST) return at;
  }
  return null;
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

const isYesterday = (word: string | undefined): boolean =>
  word !== undefined && new RegExp(`^(?:${YESTERDAY})$`, 'i').test(word);

/** Whole days back to a named weekday; null when the word is none. */
function weekdayBack(word: string | undefined, now: number, clock: Clock): number | null {
  const index = word === undefined ? -1 : WEEKDAYS.indexOf(word.toLowerCase().slice(0, 3));
  if (index === -1 || !new RegExp(`^(?:${WEEKDAY})$`, 'i').test(word as string)) return null;
  return (new Date(now + clock(now)).getUTCDay() - index + 7) % 7;
}

function clockTimeOf(text: string, now: number, zone: Clock): number | null {
  for (const match of text.matchAll(CLOCK)) {
    const [whole, before, dayBefore, h1, m1, h2, half, named, dayAfter] = match;
    // A bare "14:03" counts only with a word, a zone, am/pm, or where a range begins.
    const range = RANGE_END.exec(text.slice(match.index + whole.length, match.index + whole.length + 40));
    const zoneSaid = named ?? range?.[1];
    const said = zoneSaid ? clockNamed(zoneSaid) : null;
    if (!before && !dayBefore && !half && !said && !dayAfter && !range) continue;
    // "Until 14:10" ends something; "by 16:00" is a wish.
    if (/^(?:until|till|by)$/i.test(before ?? '')) continue;
    const afternoon =
      /afternoon|evening/i.test(dayAfter ?? '') ||
      /afternoon|evening|tonight|soir|abend|vecer|wieczor|sera|avond|last night/i.test(dayBefore ?? '');
    let hour = hourOf(Number(h1 ?? h2), half);
    if (afternoon && !half && hour < 12) hour += 12;
    const minute = Number(m1 ?? 0);
    if (hour > 23 || minute > 59) continue;
    const clock = said ?? zone;
    const day = dayBefore ?? dayAfter;
    return lastTime(hour, minute, now, clock, isYesterday(day) ? 1 : (weekdayBack(day, now, clock) ?? 0));
  }
  return null;
}

/** "Since seven", "seit sieben": an hour in words, where nothing is counted by it ("since two releases"). */
function hourAlone(text: string): boolean {
  const word = HOUR_ALONE.exec(text)?.[1]?.toLowerCase();
  return word !== undefined && (HOURS_IN_WORDS[word] ?? 1) > 1;
}

function spokenTimeOf(text: string, now: number, clock: Clock): number | null {
  const [, how = '', word = '', oclock] = SPOKEN.exec(text) ?? [];
  const shift = SPOKEN_SHIFT[how.toLowerCase()];
  if (shift === undefined && !oclock && !hourAlone(text)) return null;
  const hour = HOURS_IN_WORDS[word.toLowerCase()] ?? Number(word);
  if (!word || hour > 12) return null;
  const minutes = hour * 60 + (shift ?? 0);
  const at = (total: number): number => lastTime(Math.floor(total / 60) % 24, total % 60, now, clock);
  return Math.max(at(minutes), at(minutes + 12 * 60));
}

function bareHourOf(text: string, now: number, clock: Clock): number | null {
  const [, digits, morning] = BARE_HOUR.exec(text) ?? [];
  const hour = Number(digits ?? Number.NaN);
  if (Number.isNaN(hour) || hour > 23) return null;
  if (hour === 0 || hour > 12 || morning !== undefined) return lastTime(hour, 0, now, clock);
  // Nobody says whether "4" is at night: the later of the two.
  return Math.max(lastTime(hour, 0, now, clock), lastTime((hour + 12) % 24, 0, now, clock));
}

/** Pure: since when, ISO, or null when the text does not say. `at` is when it was written, `tz` the writer's zone. */
export function sinceIn(text: string, at: string, tz: string | null): string | null {
  const now = Date.parse(at);
  if (Number.isNaN(now)) return null;
  const clock = clockOf(tz);
  const said = fold(text);
  const ago = (span: number | null | undefined): number | null => (span ? now - span : null);
  const part = PARTS_OF_HOURS.find(({ pattern }) => pattern.test(said));
  const day = DAY_PARTS.find(({ pattern }) => pattern.test(said));
  const instant =
    stampOf(said, now, clock) ??
    ago(part && part.minutes * UNITS.minute) ??
    ago(spanOf(said)) ??
    ago(signedSpanOf(said.normalize('NFC'))) ??
    clockTimeOf(said, now, clock) ??
    spokenTimeOf(said, now, clock) ??
    bareHourOf(said, now, clock) ??
    signedTimeOf(said.normalize('NFC'), now, clock) ??
    (day ? lastTime(day.hour, 0, now, clock, day.back) : null);
  return instant === null ? null : new Date(Math.min(instant, now)).toISOString();
}
