import { ERROR_STRINGS } from './error-strings.ts';
import type { Mention } from './hosts.ts';
import { WELL } from './other-talk.ts';
import { sentencesIn } from './sentences.ts';
import { statusesIn } from './statuses.ts';
import { TROUBLE } from './trouble.ts';
import { fold } from './words.ts';

/** Hosts that a report names without meaning them: "wiki is fine", "see the Grafana dashboard", "the billing team". */

/** "Works" without any help is well only at the end of what is said. */
const WORKS =
  /\b(?:works?|loads?|reachable|is up|are up|(?:not|n't) affected|unaffected|fine|ok|okay|healthy|alive|good|green|normal(?:ly)?|(?:no|without) (?:problems?|issues?|trouble)|funktioniert|geht|laeuft|lauft|erreichbar|jede|funguje|dziala|fonctionne|marche|funciona|va bien|funziona|va bene|werkt|doet het|работает)\W{0,4}$|\bas (?:they should|it should|usual|always|before|expected|intended)\W{0,4}$|\b(?:lauft|laufen|geht|gehen|funktionier(?:t|en)|reagier(?:t|en)|ist|sind) (?:\w{1,12} ){0,2}(?:einwandfrei|gut|super|normal|problemlos|sauber|rund|fehlerfrei|in ordnung|wie immer|heil)\b|\b(?:marche|fonctionne|va|tourne|vont)(?:nt)? (?:tres |parfaitement |plutot )?(?:bien|normalement|nickel)\b|\b(?:va|van|funciona|funcionan|anda) (?:muy |todo )?(?:bien|perfecto|normal)\b|\b(?:funciona|funcionam|funcionando|esta|estao|ta|tao) (?:bem|ok|normal|normalmente)\b|\bdziala(?:ja)? (?:dobrze|normalnie|bez problem\w{1,3}|ok)\b|\b(?:jede|jedou|funguje|funguji) (?:dobre|v poradku|normalne|bez problemu|v pohode)\b|\b(?:funziona|funzionano|vanno|va) (?:bene|benissimo)\b|\b(?:werkt|werken|doet het|doen het) (?:prima|goed|gewoon|wel)\b|\b(?:can|could|able to) (?:still )?(?:reach|open|access|load|use|log ?in to|get (?:to|into))\b/i;
/** "… but loans isn't", "… but not loans": the opposite of what was said before it. */
const OPPOSITE = /(?:\b(?:is|are|does|do|was|were)(?: not|n't)|\bnot|\bnicht|\bno|\bpas)\W{0,4}$/i;
const HIT = /(?<!not |n't |un)\b(?:affected|impacted|hit)\b/i;
const OPPOSITE_BEGIN =
  /^\W{0,3}(?:but |and |just |only |aber |mais |pero )?(?:not|nicht|pas|no|nie) (?:the |on |in |at |for )?\S{1,60}\W{0,4}$/i;
const REFERENCE_WORD =
  /\b(?:see|details?|graphs?|dashboards?|runbook|docs?|screenshot|documented|reported|according)\b/i;
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
/** "After login": a step, not the place. */
const STEP_BEFORE =
  /\b(?:after|before|during|upon|at|on|past|nach(?: dem)?|vor dem|beim|apres(?: le)?|despues del?|tras(?: el)?|apos o|dopo il|na|po)\s$/i;
/** What a place shows or leads to: "the certificate of", "redirects me to". */
const SHOWN_BEFORE =
  /\b(?:(?:that|one|certificate|cert|zertifikat|pagina(?: de (?:login|inicio|entrada|acesso))?|page(?: de (?:connexion|login))?|certificat|certificado|certificato|certyfikat|(?:log ?in )?page|content|site) (?:of|from|for|von|vom|du|de|del|di|do|z|from the|of the)|(?:redirects?|sends?|leads?|bounces?|takes?) (?:(?:me|us|you|people|users|everyone|back) ){0,2}to(?: the)?)\s$/i;
/** Grafana and its like show the trouble of others. */
const SHOWS =
  /^(?:'s)? (?:dashboard |board |graph |panel )?(?:shows?|says|displays|reports|tells|zeigt|ukazuje|montre|pokazuje|muestra|mostra)\b(?! (?:me )?(?:an? |the |nothing|only |just )?(?:error|blank|white|empty|wrong|old|["'“]|\d|no data|(?:\w{1,12} ){0,3}(?:page|seite|cert\w{0,10}|zertifikat|site|login|content)))/i;

/** A picture of something, kept there. */
const PICTURE_AFTER = /^(?:'s)? (?:dash ?boards?|boards?|graphs?|panels?|charts?|screenshots?|alerts?)\b/i;

/** The mentions that are asides. Never all of them: whoever names one place only, means it. */
export function asideMentions(text: string, mentions: readonly Mention[]): Set<Mention> {
  if (new Set(mentions.map(({ host }) => host)).size < 2) return new Set();
  const sorted = [...mentions].sort((a, b) => a.at - b.at);
  const parts = new Set(sorted.filter((_, i) => isPart(text, sorted, i)));
  const well = wellParts(text);
  const fine = sorted.filter((one) => well.some(({ from, to }) => one.at >= from && one.at < to));
  // "Cargo login works but the search fails": it is cargo all the same.
  for (const asides of [new Set([...parts, ...fine]), parts]) if (sorted.some((one) => !asides.has(one))) return asides;
  return new Set();
}

/** Whether a mention is of people, of a picture, of something shown, or of a part of the place beside it. */
function isPart(text: string, sorted: readonly Mention[], i: number): boolean {
  const one = sorted[i] as Mention;
  const written = text.slice(one.at, one.end);
  const after = text.slice(one.end, one.end + 60);
  const before = text.slice(Math.max(0, one.at - 40), one.at);
  const [previous, next] = [sorted[i - 1], sorted[i + 1]];
  const other = (two: Mention | undefined): two is Mention => two !== undefined && two.host !== one.host;
  const earlier = sorted.some((two) => other(two) && two.at < one.at);
  if (PEOPLE_AFTER.test(after) || SHOWS.test(after) || PICTURE_AFTER.test(after)) return true;
  if (one.url !== null && REFERENCE_LINK.test(one.url) && earlier) return true;
  if (REFERENCE_BEFORE.test(before) && REFERENCE_WORD.test(before) && earlier) return true;
  if (earlier && SHOWN_BEFORE.test(fold(before))) return true;
  if (DONE_BEFORE.test(before) && !one.url) return true;
  if (!PART.test(written)) return false;
  if (earlier && STEP_BEFORE.test(fold(before))) return true;
  if (other(previous) && /^ ?$/.test(text.slice(previous.end, one.at))) return true;
  return other(next) && TO_PLACE.test(text.slice(one.end, next.at));
}

/** Parts of the text that say that something is well. */
function wellParts(text: string): { from: number; to: number }[] {
  const parts: { from: number; to: number }[] = [];
  for (const sentence of sentencesIn(text)) {
    if (sentence.question) continue;
    let before: boolean | null = null;
    for (const clause of sentence.clauses) {
      for (const piece of piecesOf(clause.raw, clause.from)) {
        const said = fold(piece.raw).trim();
        const bad: boolean =
          HIT.test(said) ||
          TROUBLE.test(said) ||
          statusesIn(said).length > 0 ||
          ERROR_STRINGS.some(({ pattern }) => pattern.test(said));
        // What a page shows is no judgement of ours: "It works!" is a server without a site.
        const own = said.replace(/"[^"]*(?:"|$)/g, ' "" ');
        const good: boolean = !bad && (WELL.test(own) || WORKS.test(own));
        // "Not the launcher, but …": what is not meant is well, unless others were said to be.
        const turned: boolean = !bad && (OPPOSITE_BEGIN.test(said) || (before !== null && OPPOSITE.test(said)));
        const well: boolean = turned ? before !== true : good;
        if (well) parts.push(piece);
        before = turned ? well : bad ? false : good ? true : before;
      }
    }
  }
  return parts;
}

/** "X is down while Y works": pieces joined by a word instead of a comma. */
function piecesOf(raw: string, from: number): { raw: string; from: number; to: number }[] {
  const pieces: { raw: string; from: number; to: number }[] = [];
  let start = 0;
  for (const joint of [...raw.matchAll(/\s(?:while|whereas|only|but|and|und|et|y|e|en)\s/gi)].slice(0, 20)) {
    const head = raw.slice(start, joint.index);
    // "Shop and checkout are fine" stays whole: what comes before "and" says nothing by itself.
    if (/^\s(?:and|und|et|y|e|en)\s$/i.test(joint[0]) && !TROUBLE.test(fold(head)) && !WELL.test(fold(head))) continue;
    pieces.push({ raw: head, from: from + start, to: from + joint.index });
    start = joint.index + joint[0].length;
  }
  pieces.push({ raw: raw.slice(start), from: from + start, to: from + raw.length });
  return pieces;
}
