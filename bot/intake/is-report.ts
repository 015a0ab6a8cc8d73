/** Is a message a report of trouble, or one of the many others that use the same words? */

/** Someone tells what will happen, has happened or is over. */
const ANNOUNCEMENT =
  /\b((we|i|we['’]?ll|i['’]?ll|we['’]?re|i['’]?m|team) (will|are going to|am going to|going to|plan(ning)? to|be )?\s?(deploy(ing)?|upgrad(e|ing)|migrat(e|ing)|restart(ing)?|roll(ing)? out|switch(ing)?|mov(e|ing)|replac(e|ing)|updat(e|ing)|tak(e|ing) down|work(ing)? on)|(planned|scheduled) (maintenance|downtime|outage|window|upgrade)|maintenance (window|tonight|tomorrow|on)|will be (down|unavailable|restarted|upgraded|slow)|fyi\b|heads[- ]up|reminder|post-?mortem|retro(spective)?|release notes|changelog|has been (deployed|released|upgraded|migrated|fixed|resolved)|is (now )?(live|deployed|released|merged)|just (deployed|released|merged|shipped))\b/i;
const OVER =
  /\b(resolved|fixed( now| it| already)?|recovered|works? (again|now|fine)|is (back|up again|fine( now)?|ok(ay)?( now| again)?|healthy)|back (up|to normal|online)|no (longer|more) (an )?(issues?|problems?|errors?|failing)|all (good|green|clear|fine)|false alarm|never ?mind|nvm|solved|problem gone|thanks?,? (it )?works)\b/i;
const STILL = /\b(still|again|but|not|n['’]t|yet|until)\b/i;
/** Talk about ways and means, not about something that is broken now. */
const HOW_TO =
  /\b(how (do|can|should|would|does|to)|what (is|are|does) (the|a|an|your|our)\b|where (is|are|can|do)|which (one|version|port)|does (anyone|anybody|someone) (know|have)|can (someone|somebody|anyone|anybody|you|we|i) (review|approve|explain|tell|add|create|give|merge|check my|look at my pr)|could (you|someone) (review|add|approve|explain)|is there (a|any) (way|doc|docs|documentation|guide|runbook|plan)|should we|shall we|what if|would it|any (docs|documentation|plans?)|wie (kann|mache|geht)|when (will|is|are|do))\b/i;
const PLAY =
  /\b(lol|haha+|rofl|joke|jk|kidding|meme|lunch|pizza|beer|coffee|coffee machine|printer|weekend|happy birthday|party|football|weather)\b|[😂🤣😅😹]/iu;
const HYPOTHETICAL =
  /\b(if|when|unless|in case|suppose|imagine|what happens)\b[^.?!\n]{0,60}\b(goes|went|go|is|are|were|gets|breaks?|fails?)\b[^.?!\n]{0,20}\b(down|broken|wrong|fail)?/i;
const CODE_TALK =
  /\b(pull request|\bPR\b|merge request|unit tests?|test suite|pipeline|ci (job|run|build)|build (failed|fails|is broken)|jira|ticket|sprint|story|backlog|estimate|refactor|lint|linter|code review|type error|compile)\b/i;
const NEGATED =
  /\b(no|not|never|without|zero|isn['’]?t|aren['’]?t|wasn['’]?t|doesn['’]?t seem) (any |an? |really )?(errors?|issues?|problems?|outage|down|broken|failures?|downtime|complaints?)\b/i;
/** A question about the present state of something: the shortest reports there are. */
const IS_IT =
  /\b(is|are|was|anyone|anybody|someone|somebody|who)\b[^.\n]{0,80}\b(down|broken|slow|up|dead|unreachable|failing|having (issues|problems|trouble)|seeing|getting|else|offline|working|the ingress|ingress again|it (traefik|nginx|the proxy))\b/i;

/** Pure: whether a message reports trouble. Rather silent than wrong: a reply to a joke costs trust. */
export function isReport(
  text: string,
  seen: { trouble: boolean; signature: boolean; hosts: number; suspects: number },
): boolean {
  const words = text.trim().split(/\s+/).length;
  if (words < 2 || (!seen.trouble && !seen.signature)) return false;
  if (PLAY.test(text) && !seen.signature) return false;
  if (OVER.test(text) && !STILL.test(text)) return false;
  if (NEGATED.test(text) && !seen.signature) return false;
  if (ANNOUNCEMENT.test(text) && !/\b(after|since|because of|and now|but)\b/i.test(text)) return false;
  if (HOW_TO.test(text) && !IS_IT.test(text) && !(seen.signature && seen.hosts > 0 && !/\?/.test(text))) return false;
  if (HYPOTHETICAL.test(text) && !seen.signature) return false;
  if (CODE_TALK.test(text) && seen.hosts === 0) return false;
  return (
    seen.hosts > 0 ||
    seen.signature ||
    seen.suspects > 0 ||
    /\b(ingress|site|website|page|service|prod(uction)?|everything|nothing works|the app|api|login|checkout)\b/i.test(
      text,
    )
  );
}
