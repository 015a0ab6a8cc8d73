import { type Clock, clockNamed, lastTime, ZONE_NAMES } from './zones.ts';

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

/** An hour of the day out of one with `am` or `pm`, or without. */
export const hourOf = (hour: number, half: string | undefined): number => {
  const said = half?.replaceAll('.', '').toLowerCase();
  if (said === 'pm' && hour < 12) return hour + 12;
  return said === 'am' && hour === 12 ? 0 : hour;
};

const isYesterday = (word: string | undefined): boolean =>
  word !== undefined && new RegExp(`^(?:${YESTERDAY})$`, 'i').test(word);

/** Whole days back to a named weekday; null when the word is none. */
function weekdayBack(word: string | undefined, now: number, clock: Clock): number | null {
  const index = word === undefined ? -1 : WEEKDAYS.indexOf(word.toLowerCase().slice(0, 3));
  if (index === -1 || !new RegExp(`^(?:${WEEKDAY})$`, 'i').test(word as string)) return null;
  return (new Date(now + clock(now)).getUTCDay() - index + 7) % 7;
}

/** Pure: the last moment at a time of day that folded text names, ms; null: it names none. */
export function clockTimeOf(text: string, now: number, zone: Clock): number | null {
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

/** Pure: the same for a bare hour, "since 4". */
export function bareHourOf(text: string, now: number, clock: Clock): number | null {
  const [, digits, morning] = BARE_HOUR.exec(text) ?? [];
  const hour = Number(digits ?? Number.NaN);
  if (Number.isNaN(hour) || hour > 23) return null;
  if (hour === 0 || hour > 12 || morning !== undefined) return lastTime(hour, 0, now, clock);
  // Nobody says whether "4" is at night: the later of the two.
  return Math.max(lastTime(hour, 0, now, clock), lastTime((hour + 12) % 24, 0, now, clock));
}
