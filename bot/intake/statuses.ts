/** HTTP statuses in people's words: "502s", "a 404", but not "502 users" or "room 503". */

const NUMBER =
  /(?<![\w#.,:$€£+-]|[A-Za-z]-|(?<!\b[45]\d\d)\/)(4(?:0[0-9]|1[0-9]|2[0-9]|31|51|99)|5(?:0[0-9]|1[01]|2[0-7]|30))(?:er|'?s)?(?![\p{L}\p{N}_]|[.,:-]\d|\/(?![45]\d\d(?!\d))\d| ?[%€$£])/giu;
/** What a number belongs to when one of these stands before it. */
const OTHER_BEFORE =
  /\b(?:room|raum|zimmer|hall|halle|floor|desk|seat|gate|bus|tram|train|line|zeile|port|page|issue|ticket|build|run|job|version|v|pr|mr|no|nr|number|model|chapter|step|about|around|nearly|almost|over|only|these|those|first|last|next|for|passed|order|customer|user|item|article|sku|invoice|case|member|bus|flat|apartment|highway|route|costs?|pay|paid|salle|sala|pokoj|kancl)\.? ?$/i;
/** Words after a number that keep it a status although they look like something counted. */
const STATUS_AFTER =
  /^ (?:errors?|responses?|status(?:es)?|codes?|replies|answers|pages?|was|is|has|this|us|as|sometimes|always|across|spikes?|bursts?|messages?|happens|comes|keeps|occurs|appears|shows|vs|plus|thus|afterwards|besides|unless|fehlers?|des|les|dans|sans|tous|depuis|desde|chybas?|works|gateways|services|requests)\b/i;
/** Something counted follows: a plural, money, a unit. */
const COUNTED_AFTER =
  /^ ?(?:ms|s|sec|min|mb|gb|kb|kib|mib|km|m|kg|rps|qps|req\/s|eur|usd|czk|euros?|dollars?|people|persons?|percent|years? old|an? (?:hour|day|minute|week)|per (?:hour|day|minute|second)|(?:new |open |more |old |unit )?\p{L}{2,20}s)\b/iu;

/** What RFC 9110 (section 15) and RFC 6585 call a status: a number before its own name is one, whatever stands in front. */
const ITS_NAME =
  /^ (?:too many requests|bad gateway|service (?:temporarily )?unavailable|gateway time-?out|not found|forbidden|unauthorized|internal server error|bad request|(?:payload|content|(?:request )?entity) too large|request timeout|method not allowed|precondition failed)\b/i;

/** Pure: the statuses that a text names, each once, in its order. `text` as people wrote it or folded. */
export function statusesIn(text: string): number[] {
  const found = new Set<number>();
  for (const match of text.matchAll(NUMBER)) {
    const before = text.slice(Math.max(0, match.index - 16), match.index);
    const after = text.slice(match.index + match[0].length, match.index + match[0].length + 32);
    const plural = /s$/i.test(match[0]);
    if (
      !plural &&
      !ITS_NAME.test(after) &&
      OTHER_BEFORE.test(before) &&
      !/^ (?:errors?|bad|responses?|status)\b/i.test(after)
    )
      continue;
    if (!plural && COUNTED_AFTER.test(after) && !STATUS_AFTER.test(after)) continue;
    found.add(Number(match[1]));
  }
  return [...found];
}

/** "5xx", "50x errors": statuses without a number. */
export const STATUS_CLASS = /\b(?:5xx|50x|http[- ]?5\d\d|[45]xx)(?:s|es|er)?\b/i;
