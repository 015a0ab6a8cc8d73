import { type Clock, lastTime } from './zones.ts';

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

/** "Since seven", "seit sieben": an hour in words, where nothing is counted by it ("since two releases"). */
function hourAlone(text: string): boolean {
  const word = HOUR_ALONE.exec(text)?.[1]?.toLowerCase();
  return word !== undefined && (HOURS_IN_WORDS[word] ?? 1) > 1;
}

/** Pure: the last moment at a time of day in words, out of folded text, ms; null: it names none. */
export function spokenTimeOf(text: string, now: number, clock: Clock): number | null {
  const [, how = '', word = '', oclock] = SPOKEN.exec(text) ?? [];
  const shift = SPOKEN_SHIFT[how.toLowerCase()];
  if (shift === undefined && !oclock && !hourAlone(text)) return null;
  const hour = HOURS_IN_WORDS[word.toLowerCase()] ?? Number(word);
  if (!word || hour > 12) return null;
  const minutes = hour * 60 + (shift ?? 0);
  const at = (total: number): number => lastTime(Math.floor(total / 60) % 24, total % 60, now, clock);
  return Math.max(at(minutes), at(minutes + 12 * 60));
}

/** Pure: the beginning of a part of the day that folded text names, ms; null: it names none. */
export function dayPartOf(text: string, now: number, clock: Clock): number | null {
  const day = DAY_PARTS.find(({ pattern }) => pattern.test(text));
  return day ? lastTime(day.hour, 0, now, clock, day.back) : null;
}
