/** What somebody says under a case, as far as it is answered. */
export type FollowUp =
  | { kind: 'still-broken' | 'works-now' | 'who-changed' | 'why' | 'not-seen' | 'what-to-do' }
  | { kind: 'other-host'; host: string }
  | { kind: 'rollout'; named: string[] };

/** Longer messages are talk among people, not a question to us. */
const MAX_CHARS = 200;
/** A sentence with more words than this says more than a follow-up does. */
const MAX_WORDS = 16;

const NOT_YET =
  /\b(still|again|immer noch|weiterhin|schon wieder|toujours|encore|sigue|todavia|aun|ainda|continua|nog steeds)\b.*\b(broken|down|failing|fails|dead|erroring|errors?|50\ds?|timing out|not work\w*|doesn'?t work|unreachable|unavailable|kaputt|weg|down|nicht|geht nicht|en panne|ne marche pas|ko|caido|fallando|no funciona|sem funcionar|fora|kapot|stuk)\b|^(it'?s |it is )?(still )?(not working|doesn'?t work|does not work|no change|same error|same here|same problem)( (yet|still|for me|here|anymore|any more))*$|^(still|immer noch|toujours|sigue|ainda|nog steeds)( (happening|the same|nothing|bad|here|see(ing)? (it|this|errors?)|getting (it|errors?|50\d)|no|nada))?$|^(geht|funktioniert|klappt) (immer noch |noch |weiterhin )?nicht( mehr)?$|^(ca |cela )?ne (marche|fonctionne) (toujours |encore )?pas$|^(is |it'?s |shop |site )*(down|broken|failing|dead|gone|kaputt) again$|^(todavia |aun |sigue )?(no|sin) (funciona|funcionar|va)$|^(ainda )?nao (funciona|esta a funcionar)$/;

const WORKS =
  /^(ok |okay |yes |yep |and |hm |oh |it |it'?s |its |all |seems? |looks? |should be |that |this |for me |now |everything |is |the site |site )*(works?|working|fixed|resolved|recovered|back|back up|back to normal|up|up again|healthy|green|good|fine|ok|solved|back online|online)( (now|again|for me|here|too|thanks|thank you|since|at last|finally|as well|guys|everyone|all))*$|^(es )?(geht|funktioniert|laeuft|klappt)( (jetzt|wieder|nun|alles|bei mir|danke))+$|^(ca |cela |tout )?(remarche|refonctionne|est (de retour|repare|retabli)|(marche|fonctionne)( (a nouveau|maintenant|de nouveau|merci))+)$|^(ya |ahora |todo )+(funciona|va|esta (bien|arreglado))( (de nuevo|otra vez|gracias))*$|^voltou$|^(ja |agora |tudo )+(funciona|esta (a funcionar|ok|bem)|voltou)( (de novo|outra vez|obrigad[oa]))*$|^(het )?(werkt|doet het)( (nu|weer|bedankt))+$/;

/** A question mark after "works now" asks; these words take it back. */
const DOUBT =
  /\b(not|isn'?t|doesn'?t|nicht|pas|no|nao|niet|never|half|partly|partially|sometimes|except|but|only|until|when|if)\b/;

const QUESTIONS: [RegExp, 'who-changed' | 'why' | 'not-seen' | 'what-to-do'][] = [
  [
    /^(so |and |ok )*(who|what) (has |have |did |was )?(\w+ )?(changed?|been changed|deployed?|rolled out|touched|reloaded|happened)( (what|something|anything|it|this|that|here|there|before|lately|recently|then|today|in between|on the path|to it))*( (at|around|before|since) .{1,20})?$|^(any|recent|what) changes?( (recently|today|lately|on (this|the) path|before (that|this)))*$|^(wer hat )?(was|etwas) (hat sich )?(geaendert|veraendert)( wurde)?$|^wer hat (was |da )?(geaendert|veraendert|deployt)$|^qui a (change|modifie|deploye)( quoi)?$|^qu'?est-ce qui a change$|^(quien|que) (ha )?cambi(o|ado)( que)?$|^(quem|o que) mudou( o que)?$/,
    'who-changed',
  ],
  [
    /^(but |and |ok |so )*why( (is that|so|do you (say|think) (so|that)|not( (the )?(ingress|app|traefik|nginx))?|that|(the )?(ingress|app|proxy)|how so))?$|^how (do|can) you (know|tell|be sure)( that)?$|^(says who|based on what|what'?s the evidence|what is the evidence|what makes you (say|think) (so|that))$|^(warum|wieso|weshalb)( (das|denn|nicht))?$|^pourquoi( ca)?$|^por ?que$|^waarom$/,
    'why',
  ],
  [
    /^(and |but )?what (did|could|can|do)(n'?t| not)? you (not )?(see|check|look at|miss|know)( yet)?$|^what (did you|have you) (miss(ed)?|not (seen|checked|looked at))$|^what (are|were) (your |the )?blind spots$|^was hast du nicht (gesehen|geprueft)$|^qu'?est-ce que tu n'?as pas vu$|^que no (has visto|viste)$/,
    'not-seen',
  ],
  [
    /^(so |and |ok |now |but )*what (should|can|do|must|shall) (i|we|they) (do|try|run|check|look at)( (now|next|about it|then|here|to fix (it|this)))*$|^(what'?s|what is) (the )?(next( step)?|fix)$|^(what|so what) now$|^(and )?now what$|^how (do|can) (i|we) fix (it|this|that)$|^was (soll|kann|muss) (ich|man) (jetzt |nun )?(tun|machen)$|^was (tun|nun|jetzt)$|^que (faire|dois-je faire)$|^que (hago|hacemos|debo hacer)( ahora)?$|^o que (faco|fazer)( agora)?$/,
    'what-to-do',
  ],
];

const ROLLOUT =
  /^(and |but |so |hm )*(is|was|could|can|might|maybe|perhaps|isn'?t|wasn'?t)? ?(it|this|that)? ?(is |be |because of |caused by |due to |related to |from |by |it |the |this |that |our |your |today'?s |yesterday'?s |new |last |current |running )*([\w.-]+ ){0,3}(rollout|roll-out|deploy|deployment|upgrade|release|migration|update)( (again|perhaps|maybe|then|today|yesterday|of [\w. -]{1,40}))*$/;
const ROLLOUT_ASKS = /^(and |but |so |hm )*(is|was|could|can|might|maybe|perhaps|because|caused|due)\b/;
const NOT_NAMES = new Set(
  'is was could can might maybe perhaps isn wasn t it this that be because of caused by due to related from the our your today yesterday s new last current running rollout roll-out deploy deployment upgrade release migration update and but so hm again then a proxy ingress'.split(
    ' ',
  ),
);

const ABOUT =
  /^(and |but |ok |so )*(what|how) about |^(and|same (for|with|on|at)|also( on)?|is (also|it also)) |\b(affected|down|broken|failing) (too|as well|also)$|^(und )?was ist mit |^et (pour )?|^(y |e )(que )?(tal|pasa con|quanto a|o |a )?/;

/** Pure: which of the few questions this is; null: none of them, and nothing is said. `hosts`: those that the text names. */
export function classifyFollowUp(text: string, hosts: readonly string[], own: string): FollowUp | null {
  const asked = /\?\s*$/.test(text.trim());
  const words = simple(text);
  if (words === '' || words.length > MAX_CHARS || words.split(' ').length > MAX_WORDS) return null;
  const other = hosts.find((host) => host.toLowerCase() !== own.toLowerCase());
  if (other !== undefined) return ABOUT.test(words) || asked ? { kind: 'other-host', host: other } : null;
  if (NOT_YET.test(words)) return { kind: 'still-broken' };
  if (!asked && WORKS.test(words) && !DOUBT.test(words)) return { kind: 'works-now' };
  for (const [pattern, kind] of QUESTIONS) if (pattern.test(words)) return { kind };
  if (ROLLOUT.test(words) && (asked || ROLLOUT_ASKS.test(words))) {
    const named = words.split(/[ ']/).filter((word) => word.length > 2 && !NOT_NAMES.has(word));
    return { kind: 'rollout', named };
  }
  return null;
}

/** Lower case, without accents, mentions, emoji, quotes and final marks; one line, one space. */
function simple(text: string): string {
  return text
    .slice(0, 4 * MAX_CHARS)
    .replace(/<[@#!][^>]*>/g, ' ')
    .replace(/<(?:https?:\/\/)?([^|>]+)(?:\|[^>]*)?>/g, '$1')
    .replace(/:[a-z0-9_+-]+:/gi, ' ')
    .toLowerCase()
    .replace(/ä/g, 'ae')
    .replace(/ö/g, 'oe')
    .replace(/ü/g, 'ue')
    .replace(/ß/g, 'ss')
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[’‘`]/g, "'")
    .replace(/[^\p{L}\p{N}'./ -]+/gu, ' ')
    .replace(/\.(?=\s|$)/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
