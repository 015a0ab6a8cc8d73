import { type Finding, type Hop, INGRESS_HOPS } from '../../diagnostics/types.ts';
import type { Ground } from './ground.ts';

/** Who is at fault, and how sure that is, is computed: here a sentence that says it otherwise is found. */

/** Service and application are one here: people call both by the same name. */
type Place = Exclude<Hop, 'service'> | 'ingress';

const placeOf = (hop: Hop): Place => (hop === 'service' ? 'app' : hop);

const PLACES: readonly { place: Place; pattern: RegExp }[] = [
  { place: 'ingress', pattern: /\bingress(?:es)?\b/ },
  { place: 'dns', pattern: /\b(?:dns|resolvers?)\b/ },
  { place: 'cdn', pattern: /\b(?:cdn|cloudflare|fastly|akamai|cloudfront)\b/ },
  { place: 'load-balancer', pattern: /\b(?:balancers?|[ena]lb|vip)\b/ },
  { place: 'node', pattern: /\bnodes?\b/ },
  { place: 'proxy', pattern: /\b(?:prox(?:y|ies)|nginx|traefik|haproxy|envoy|gateways?|controllers?)\b/ },
  { place: 'app', pattern: /\b(?:services?|apps?|applications?|backends?|upstreams?|endpoints?|pods?|deployments?)\b/ },
  { place: 'client', pattern: /\b(?:laptop|machine|computer|phone|office|vpn)\b/ },
];

/** How sure we are is part of the verdict, and what will be is nobody's finding. */
const HEDGED =
  /\b(?:likely|unlikely|definitely|certainly|probably|undoubtedly|possibly|perhaps|maybe|might|may|presumably|apparently|seem\w*|suggest\w*|indicat\w+|certain|doubt|inconclusive|verdict|will|shall|soon|tomorrow)\b/;
const OVER = /\b(?:recover\w*|resolved|fixed|restored|solved|over now|back to normal|false alarm)\b/;
/** Nobody is simply fine: what was looked at is said, with what came of it. */
const BLANKET = /\b(?:fine|healthy|okay|ok|innocent|perfect(?:ly)?|flawless\w*)\b/;
const BLAME =
  /\b(?:faults?|faulty|blame[ds]?|guilty|culprit|responsible|innocent|root|cause[sd]?|causing|trigger\w*|problem|issue|fails? (?:at|in)|origin|originat\w+)\b/;
const BECAUSE = /\b(?:due to|because of|comes? from|coming from|stems? from|lies? (?:in|with|at))\b/;
const IT_IS = /^\s*(?:it|this|that|they|these) (?:is|was|are|were)\b/;
const NEGATION =
  /\b(?:not|no|never|neither|nor|none|nothing|nobody|without|cannot|rather than|instead of|unrelated|unaffected|innocent|cleared|clears|excluded?|excludes|free of)\b|n't\b|n’t\b/g;
const GOOD =
  /\b(?:fine|healthy|ok|okay|good|normal|normally|clean|cleanly|correct|correctly|works?|worked|working|succeed\w*|success\w*|well|alive|unaffected|innocent|cleared|(?:is|are|was|were) up(?! to))\b/;
const BAD =
  /\b(?:fail\w*|broke\w*|breaks?|down|dead|errors?|faults?|faulty|wrong|bad|badly|reject\w*|refus\w*|unhealthy|unavailable|unreachable|drop\w*|lost|loses?|losing|expired?|expires|stale|slow\w*|crash\w*|cuts?|guilty|incorrect\w*|invalid|mismatch\w*|missing|overload\w*|exhaust\w*|outage|problem|issue|trouble|degraded|disrupt\w*)\b/;
const EVERYTHING =
  /\b(?:everything|all (?:is|was|looks)|whole path|entire path|nothing (?:is |was )?(?:wrong|failing|failed|broken)|no (?:fault|faults|problem|issue|trouble|outage))\b/;

/** Pure: why a sentence (lower case) may not stand beside the verdict; null: it may. */
export function contradiction(sentence: string, cited: readonly Finding[], ground: Ground): string | null {
  const { verdict } = ground;
  // The protocol has a proxy's name and is none.
  const text = sentence.replace(/\bproxy[- ](?:protocol|headers?)\b/g, 'header');
  if (HEDGED.test(text)) return 'says how sure it is';
  if (BLANKET.test(text)) return 'calls something fine';
  if (OVER.test(text)) return 'says that it is over';
  // The host's own name is what the case is about, whoever broke it.
  const label = verdict.target.host.split('.')[0]?.toLowerCase() ?? '';
  const others = text.split(/(?<![\w-])/).filter((word) => word.trim().replace(/\W+$/, '') !== label);
  const places = placesIn(others.join(''), ground);
  for (const place of places) if (!isSeen(place, cited, ground)) return `speaks of ${place}, its findings do not`;
  if (EVERYTHING.test(text)) return 'says that all is well';
  for (const clause of text.split(CLAUSES))
    if (blamesOther(clause, ground)) return 'blames another than the verdict does';
  return claims(text, cited, ground);
}

/** Where one statement ends and another begins. */
export const CLAUSES = /[,;:]|\b(?:but|while|whereas|although|though|and|so|yet|however|because|since|which)\b/;

/** A clause that says who is at fault, or who is not, in any other way than the verdict. */
function blamesOther(clause: string, ground: Ground): boolean {
  const { verdict } = ground;
  const places = placesIn(clause, ground);
  const strong = BLAME.test(clause) || places.has('ingress') || (IT_IS.test(clause) && places.size > 0);
  if (!strong && !(BECAUSE.test(clause) && places.size > 0)) return false;
  const negations = clause.match(NEGATION)?.length ?? 0;
  if (verdict.hop === null || verdict.hop === 'none' || places.size === 0 || negations > 1) return true;
  const guilty = [...places].map((place) => isGuilty(place, ground));
  return negations === 0 ? !guilty.every(Boolean) : guilty.some(Boolean);
}

function isGuilty(place: Place, { verdict }: Ground): boolean {
  if (place === 'ingress') return verdict.answer === 'ingress';
  return verdict.hop !== null && verdict.hop !== 'none' && place === placeOf(verdict.hop);
}

function placesIn(text: string, ground: Ground): Set<Place> {
  const found = new Set(PLACES.filter(({ pattern }) => pattern.test(text)).map(({ place }) => place));
  for (const word of text.split(/[\s,;()"]+/)) {
    const hop = ground.hopOf.get(word.replace(/(?:'s)?[.:]?$/, ''));
    if (hop) found.add(placeOf(hop));
  }
  return found;
}

/** A place is spoken of by a finding that is about it or names it. */
function isSeen(place: Place, cited: readonly Finding[], ground: Ground): boolean {
  if (place === 'ingress') return true;
  if (isGuilty(place, ground)) return true;
  return cited.some((one) => placeOf(one.hop) === place || placesIn(one.says.toLowerCase(), ground).has(place));
}

/** What works and what does not, clause by clause, against what the cited findings speak for. */
function claims(text: string, cited: readonly Finding[], ground: Ground): string | null {
  const { verdict } = ground;
  const speaksFor = (direction: Finding['direction']) => cited.some((one) => one.direction === direction);
  for (const clause of text.split(CLAUSES)) {
    const negated = (clause.match(NEGATION)?.length ?? 0) % 2 === 1;
    const good = negated ? BAD.test(clause) : GOOD.test(clause);
    const bad = negated ? GOOD.test(clause) : BAD.test(clause);
    const places = placesIn(clause, ground);
    if (good && !speaksFor('clears') && speaksFor('implicates')) return 'calls good what its findings call bad';
    if (bad && !speaksFor('implicates') && speaksFor('clears')) return 'calls bad what its findings call good';
    if (good && !bad && [...places].some((place) => isGuilty(place, ground))) return 'clears what the verdict convicts';
    if (bad && !good && verdict.answer === 'not-ingress') {
      const accused = [...places].filter((place) => place === 'ingress' || INGRESS_HOPS.includes(place));
      if (accused.some((place) => !cited.some((one) => one.direction === 'implicates' && one.hop === place)))
        return 'convicts what the verdict clears';
    }
  }
  return null;
}
