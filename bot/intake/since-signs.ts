import { fold } from './words.ts';
import { type Clock, lastTime, UNITS } from './zones.ts';

/** Since when, in languages that write it in an order or in letters of their own: Japanese, Chinese, Korean, Russian, Turkish. */

const sign = (source: string): RegExp => new RegExp(fold(source).normalize('NFC'), 'iu');

/** A time of day: the groups are a part of the day, the hour, the minutes, and the half. */
const TIMES: readonly RegExp[] = [
  sign('(午前|午後|朝|夜)?の?(\\d{1,2})(?:時|:)(\\d{2})?分?(半)?(?:頃|ごろ|くらい|過ぎ)?(?:から|以降)'),
  sign('(?:从|自)(早上|上午|凌晨|下午|晚上|中午)?(\\d{1,2})(?:点|时|:)(\\d{2})?分?(半)?'),
  sign('(早上|上午|凌晨|下午|晚上|中午)?(\\d{1,2})(?:点|时|:)(\\d{2})?分?(半)?(?:左右)?(?:开始|起|以来|之后)'),
  sign('(오전|오후)? ?(\\d{1,2})(?:시|:) ?(\\d{2})?분?(반)?(?:쯤|경)?부터'),
  sign("(sabah|ogleden sonra|aksam)? ?(?:saat )?(\\d{1,2})(?:[:.](\\d{2}))?'?(?:den|dan|ten|tan)() ?beri"),
  sign('()(?<!\\p{L})[сcзк] (\\d{1,2})[:.](\\d{2})()(?!\\d)'),
];
const AFTERNOON = sign('午後|夜|下午|晚上|오후|ogleden|aksam');

/** A span: the group is a number, or nothing where the words say one. */
const SPANS: readonly [unit: number, pattern: RegExp][] = [
  [UNITS.minute * 30, sign('30分(?:ほど)?前|半小时|半个小时|30분 ?전|полчаса|yarim saat(?:tir|ten|dir)?')],
  [UNITS.minute, sign('(\\d{1,3}) ?分(?:ほど|くらい|間)?(?:前|ずっと)')],
  [UNITS.minute, sign('(\\d{1,3}) ?分钟(?:了|前|以来|左右)?')],
  [UNITS.minute, sign('(\\d{1,3})분(?: ?전|째|동안)')],
  [UNITS.minute, sign('(?:уже|последние|около|минут|вже) ?(\\d{1,3}) мин|(\\d{1,3}) мин\\p{L}* назад')],
  [UNITS.minute, sign('(\\d{1,3}) dakika(?:dir|dan|di)?(?: once| beri)?')],
  [UNITS.hour, sign('(\\d{1,2}) ?時間(?:ほど|くらい)?(?:前|ずっと)|(\\d{1,2}) ?个?小时|(\\d{1,2})시간(?: ?전|째)')],
  [UNITS.hour, sign('(?:уже|последние|около) ?(\\d{0,2}) ?час|(\\d{1,2}) ?saat(?:tir|ten beri| once)')],
];

/** Pure: the last time of day that a folded, composed text begins something with, in ms; null when there is none. */
export function signedTimeOf(text: string, now: number, clock: Clock): number | null {
  for (const pattern of TIMES) {
    const match = pattern.exec(text);
    if (!match) continue;
    const [, part = '', digits, minutes, half] = match;
    const said = Number(digits);
    const hour = said < 12 && AFTERNOON.test(part) ? said + 12 : said;
    const minute = half ? 30 : Number(minutes ?? 0);
    if (hour > 23 || minute > 59) continue;
    return lastTime(hour, minute, now, clock);
  }
  return null;
}

/** Pure: for how long something lasts by a folded, composed text, in ms; null when it does not say. */
export function signedSpanOf(text: string): number | null {
  for (const [unit, pattern] of SPANS) {
    const match = pattern.exec(text);
    if (!match) continue;
    const digits = match.slice(1).find((group) => group !== undefined);
    const count = digits === undefined || digits === '' ? 1 : Number(digits);
    if (count > 0) return count * unit;
  }
  return null;
}
