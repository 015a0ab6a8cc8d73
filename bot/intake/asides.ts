import type { Mention } from './hosts.ts';
import { WELL } from './other-talk.ts';
import { sentencesIn } from './sentences.ts';
import { TROUBLE } from './trouble.ts';
import { fold } from './words.ts';

/** Hosts that a report names without meaning them: "wiki is fine", "see the Grafana dashboard", "the billing team". */

/** "Works" without any help is well only at the end of what is said. */
const WORKS =
  /\b(?:works?|loads?|reachable|is up|are up|not affected|unaffected|no problems?|without problems?|funktioniert|geht|laeuft|lauft|jede|funguje|dziala|fonctionne|marche|funciona|funziona|werkt)\W{0,4}$/i;
/** What stands right before a place where something is shown or written, not broken. */
const REFERENCE_BEFORE =
  /(?:\b(?:see|see also|details?|graphs?|dashboards?|runbook|docs?|log|logs|trace|screenshot|more|here|link|cf|source|ticket|reported (?:in|on)|according to|documented (?:in|on)|in|on|from)(?: (?:the|our|in|on|at|here))?[: (]{0,3}|[([]|->|=>) ?$/i;
const REFERENCE_LINK =
  /\/(?:d|explore|dashboards?|goto|alerting|graph|question|browse|issues?|wiki|display|pages?|runbooks?|blue|job|discover|app\/discover|tickets?)\/[^\s]/i;
/** The people, not the thing. */
const PEOPLE_AFTER =
  /^(?:'s|s')? (?:team|guys|people|folks|squad|devs?|developers?|colleagues?|owners?|channel|repo)\b/i;
/** Names of functions that several places have: beside another name they say which part of it is meant. */
const PART =
  /^(?:log ?in|sso|auth|api|public api|search|cart|static|cdn|assets|images?|docs|mail|status|portal|admin|media)$/i;
/** "Log in to", "from": between a function's name and the place that has it. */
const TO_PLACE =
  /^\s(?:to|on|at|in|into|of|for|from|zu|in|auf|do|na|sur|a|en|em|su|op|page of|page on)(?: (?:the|our|my|le|la|el|der|die|das|dem|den))?\s$/i;
/** "Every checkout", "a login": something done, not the place. */
const DONE_BEFORE = /\b(?:every|each|a|an|another|per|during|git)\s$/i;
/** Grafana and its like show the trouble of others. */
const SHOWS =
  /^(?:'s)? (?:dashboard |board |graph |panel )?(?:shows?|says|displays|reports|tells|zeigt|ukazuje|montre|pokazuje|muestra|mostra)\b(?! (?:me )?(?:an? |the |nothing|only |just )?(?:error|blank|white|empty|wrong|old|["'“]|\d|no data|\w{0,12} ?page))/i;

/** A picture of something, kept there. */
const PICTURE_AFTER = /^(?:'s)? (?:dash ?boards?|boards?|graphs?|panels?|charts?|screenshots?|alerts?)\b/i;

/** The mentions that are asides. Never all of them: whoever names one place only, means it. */
export function asideMentions(text: string, mentions: readonly Mention[]): Set<Mention> {
  const asides = new Set<Mention>();
  const hosts = new Set(mentions.map(({ host }) => host));
  if (hosts.size < 2) return asides;
  const sorted = [...mentions].sort((a, b) => a.at - b.at);
  const well = wellParts(text);
  for (const [i, one] of sorted.entries()) {
    const written = text.slice(one.at, one.end);
    const after = text.slice(one.end, one.end + 60);
    const before = text.slice(Math.max(0, one.at - 40), one.at);
    const [previous, next] = [sorted[i - 1], sorted[i + 1]];
    const other = (two: Mention | undefined): two is Mention => two !== undefined && two.host !== one.host;
    if (PEOPLE_AFTER.test(after) || SHOWS.test(after) || PICTURE_AFTER.test(after)) asides.add(one);
    else if (one.url !== null && REFERENCE_LINK.test(one.url) && sorted.some((two) => other(two) && two.at < one.at))
      asides.add(one);
    else if (
      REFERENCE_BEFORE.test(before) &&
      /\b(?:see|details?|graphs?|dashboards?|runbook|docs?|screenshot|documented|reported|according)\b/i.test(before) &&
      sorted.some((two) => other(two) && two.at < one.at)
    )
      asides.add(one);
    else if (DONE_BEFORE.test(before) && !one.url) asides.add(one);
    else if (PART.test(written) && other(previous) && /^ ?$/.test(text.slice(previous.end, one.at))) asides.add(one);
    else if (PART.test(written) && other(next) && TO_PLACE.test(text.slice(one.end, next.at))) asides.add(one);
    else if (well.some(({ from, to }) => one.at >= from && one.at < to)) asides.add(one);
  }
  const left = new Set(sorted.filter((one) => !asides.has(one)).map(({ host }) => host));
  return left.size === 0 ? new Set() : asides;
}

/** Parts of the text that say that something is well. */
function wellParts(text: string): { from: number; to: number }[] {
  const parts: { from: number; to: number }[] = [];
  for (const sentence of sentencesIn(text)) {
    if (sentence.question) continue;
    for (const clause of sentence.clauses) {
      for (const piece of piecesOf(clause.raw, clause.from)) {
        const said = fold(piece.raw).trim();
        if ((WELL.test(said) || WORKS.test(said)) && !TROUBLE.test(said)) parts.push(piece);
      }
    }
  }
  return parts;
}

/** "X is down while Y works": pieces joined by a word instead of a comma. */
function piecesOf(raw: string, from: number): { raw: string; from: number; to: number }[] {
  const pieces: { raw: string; from: number; to: number }[] = [];
  let start = 0;
  for (const joint of [...raw.matchAll(/\s(?:while|whereas|only|and|und|et|y|e|en)\s/gi)].slice(0, 20)) {
    const head = raw.slice(start, joint.index);
    // "Shop and checkout are fine" stays whole: what comes before "and" says nothing by itself.
    if (/and|und|et|y|e|en/i.test(joint[0]) && !TROUBLE.test(fold(head)) && !WELL.test(fold(head))) continue;
    pieces.push({ raw: head, from: from + start, to: from + joint.index });
    start = joint.index + joint[0].length;
  }
  pieces.push({ raw: raw.slice(start), from: from + start, to: from + raw.length });
  return pieces;
}
