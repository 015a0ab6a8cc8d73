import { anyOf } from './words.ts';

/** The words that tell how trouble runs (course.ts); folded (words.ts). English, and the commonest of its neighbours. */

/** A time of day, to the minute. */
export const CLOCK = '\\d{1,2}[:.h]\\d\\d(?::\\d\\d)?';

/** Words of repetition and irregularity. */
export const REPEATS = anyOf(
  '(?:single|occasional|isolated|odd|scattered) (?:[45]\\d\\d|errors?|timeouts?|reports?)',
  '(?:then|and) (?:the )?(?:next|second) (?:click|try|request|attempt|one) (?:works|is (?:fine|ok)|goes)',
  'sometimes|some ?times|intermittent(?:ly)?|sporadic(?:ally)?|randomly|random|occasional(?:ly)?',
  'once in a while|(?:every )?now and (?:then|again)|here and there|from time to time',
  'every (?:few|couple|now|other(?! \\w+ (?:works?|loads?|(?:is|are) (?:fine|ok|good|up)))|second|third|\\d+)[^.\\n]{0,20}',
  'every minute|on and off|(?<!(?:turn|switch|power)\\w{0,3}(?: it| them)? )off and on',
  '(?:ok(?:ay)?|fine|good|works|fast|quick) (?:again )?for (?:a (?:bit|while|moment|minute|few)|an? hour|some|\\d+ (?:min|sec|hour)\\w{0,4}(?! now))',
  'then (?:it )?(?:hangs|fails|breaks|stops|dies|is slow|slow) again|back and forth|flak(?:y|ey)|flapping',
  'unstable|in waves|comes and goes|hit (?:and|or) miss|at times|hiccups|blips|unreliable|partially',
  'again and again|(?:one|1) (?:time|minute|moment|click)[^.\\n]{0,25} next',
  '(?:next|second|2nd)(?: (?:click|try|request|attempt|one|time))? (?:mostly |always |usually )?works',
  '(?:reload|refresh|retry|f5|try again),? (?:and |then )(?:it.?s |it is |it |all )?(?:fine|ok|okay|good|works|loads)',
  'keeps? (?:dropping|disconnecting|failing|happening|dying|crashing|restarting|flapping|resetting|going (?:down|off|away)|coming)',
  '(?<!nothing |not |never )helps|after (?:a )?(?:reload|refresh|retry)',
  // Said of one time in many, or of an hour or a load.
  'not (?:always|every ?time|all the time|each time|on every \\w+)',
  'not (?:with |for |on )?(?:every|all) (?:requests?|calls?|clicks?|users?)|depending on|depends on',
  "(?:it'?s )?either (?:fine|ok|good|working|up) or",
  '(?:at|on|in|during|under) (?:the )?(?:peak|rush|busy|high(?:er)?|heavy) ?(?:hours?|times?|load|traffic)?',
  'under load|during (?:the )?(?:re(?:load|start)s|deploy(?:ment)?s|rollouts|releases)',
  '(?:at|on|after|with|during|by|for) (?:every|each) (?:\\w{1,12} )?(?:day|night|morning|evening|week|month|hour|deploy\\w{0,5}|releases?|reload|restart|rollout|renewal|maintenance|update|backup)',
  '(?:each|every) (?:single )?(?:morning|noon|afternoon|evening|night|(?:mon|tues|wednes|thurs|fri|satur|sun)day)',
  '(?:each|every) time (?:we|they|you|i|someone|somebody) (?:deploy|reload|restart|release)',
  'until (?:the )?next time|seconds only|only (?:for )?(?:a few |some )?seconds',
  // An end in the present tense is one that comes each time.
  '(?:recovers|reconnects)',
  '(?:comes back|goes away)(?: (?:by itself|alone|on its own|after|again|up|later)|(?=$|[.,;)]))',
  '(?:resolves|heals|fixes|cures) itself',
  '(?:dead|down|gone|unreachable)[^.\\n]{0,20} then (?:gone|ok|fine|good|back|up|works)',
  'manchmal|ab und zu|ab und an|hin und wieder|gelegentlich|sporadisch|vereinzelt|immer wieder|zeitweise',
  'zeitweilig|alle (?:paar|\\d+) \\w+|mal (?:geht|ja|gut|ok|so)|nicht immer|kommen und gehen|kommt und geht',
  'mehrmals (?:am|pro|in|heute|die|taglich|stundlich|diese)|obcas|nekdy|chvilemi|czasami|czasem|co jakis czas',
  'parfois|de temps en temps|par moments|par intermittence|pas toujours|toutes les \\d+ \\w+|a veces',
  'de vez en cuando|cada (?:cierto|dos|tres|pocos?|pocas?|\\d+)|no siempre|intermitentes?|as vezes',
  'de vez em quando|a volte|ogni tanto|soms|af en toe|(?:varias|muchas|algunas) veces (?:al|a la|por|en|hoy)',
  '(?:plusieurs|quelques) fois (?:par|dans|ce|cette|aujourd)',
  '(?:y|e|et) (?:luego |despues )?(?:vuelve|regresa|volta|revient|ca (?:repart|revient))',
);

const COUNT =
  "(?:twice|thrice|(?:many|multiple|lots of) times|(?:several|a few|few|(?:a )?couple(?: of)?|two|three|four|five|ten|(?![45]\\d\\d(?!\\d))\\d{1,5}(?: ?- ?\\d{1,3})?)(?: times| ?x(?! ?\\d)|(?: \\w{1,10})? (?:[45]\\d\\d'?s?|errors?|alerts?|timeouts?|failures?|outages?|drops?|resets?|gateways?|disconnects?|incidents?)))";
const PERIOD =
  '(?:(?:an?|per|each|every|this|the (?:last|past)|last) (?:\\w{1,8} )?(?:s|sec|second|min|minute|hour|day|night|morning|week|month)s?|today|daily|hourly|tonight|so far|since (?:midnight|noon|yesterday|this morning|lunch))';
/** Events counted in a period: "twice this hour". What somebody tried or asked so often is not what went wrong so often. */
export const COUNTED = anyOf(
  `(?<!(?:tried|reload|refresh|restart|clear|ask|call|report)\\w{0,3} [^.\\n]{0,20})${COUNT}[^.\\n]{0,25} ${PERIOD}`,
  `once (?:an?|per|every) (?:minute|hour|day|night|week)|once so far`,
  '(?:second|third|fourth|fifth|\\d+(?:nd|rd|th)|zweite|dritte) (?:time|mal|outage)(?! (?:that )?i (?:ask|write|report|say|post))[^.\\n]{0,12} (?:this|today|in|diese|heute)',
);

/** Some of the many that are hit. */
export const SOME = anyOf(
  '(?<!too |how )(?:some|few|half|part|most|many|handful)(?: of)?(?: (?:the|our|all|my|their))? (?:requests?|calls|users|people|pages|customers|payments?|connections|images|clients|pods|orders)',
  'a few (?:requests|users|customers|get|of)',
  'half (?:the|my|our|all|their|its)(?! (?:day|time|morning|afternoon|night|week|hour))',
  '(?:half|a (?:third|quarter|fifth|tenth|part|fraction)) of (?!an? |(?:the |this )?(?:day|morning|afternoon|night|week|hour))\\w+',
  "some (?!of)[^.\\n]{0,100} (?:some|others?) (?:do |does |can |are |is )?(?:not|don't|can't|fine|ok|works?)",
  '(?:mostly|usually) (?:works|fine|ok|good)',
  '\\d+ ?/ ?\\d+ (?:\\w{1,10} )?(?:requests|calls|tries|times|clicks|attempts|users|get)|\\d ?/ ?\\d of',
  '(?<!(?:cpu|memory|disk|ram|usage)[^\\n]{0,60}|(?:stops?|dies?|hangs|stuck|freezes|ends) at )(?!100(?!\\d))\\d+(?:[.,]\\d+)? ?(?:%|percent|prozent)(?! (?:cpu|memory|disk|ram|load))',
  'every (?:second|third|fourth|fifth|tenth|\\w{3,9}(?<!mon)th|\\d+th) (?:\\w{3,12})',
  'jede[rmns]? (?:\\d+\\.|zweite|dritte|vierte|funfte|zehnte|zwanzigste)[nrsm]?|cada (?:segund|tercer)[oa]?',
  'kazd[yaou] druh\\w{1,3}|co drug[iae]',
);
/** Trouble that is told in the past. */
export const PAST = anyOf(
  '(?:was|were|had been)(?: (?:completely|totally|briefly|shortly|all|just|also|really|very|kind of))* (?:down|broken|slow|unreachable|inaccessible|failing|unavailable|returning|throwing|giving|dead|offline|gone|flaky|timing out|getting|seeing|hanging|unstable|expired|refus(?:ed|ing)|reject(?:ed|ing))',
  "(?:(?:was|were|had)(?:n't| not)(?: been)?|(?:could|did)(?:n't| not))(?: (?:really|even|fully|all|be))* (?:responding|reachable?|available|working|work|loading|load|respond|answer(?:ing)?|open|connect|log|accessible|reach\\w{0,3}|get|access)",
  '(?:no ?body|no one|no-one) could',
  '(?:went|gone) down (?:at|around|for|briefly)|(?:we|i|they|customers|users) (?:saw|had|got|noticed)',
  'there (?:was|were)|got (?:a|some|several) (?:\\w{1,10} )?(?:\\d|errors?|timeouts?)',
  '(?:a|short|brief) (?:short |brief )?(?:outage|interruption|blip|hiccup)',
  '(?<!has |have |url )(?:threw|returned|gave|lasted)(?= (?!in |up |the towel)|$)',
  "post-?mortem|what(?:'s| has)? happened(?:\\?|$| (?:at|around|between|yesterday|earlier|last|there|this|on))",
  'what was (?:it|that|wrong|going on)|was (?:there|that) an? (?:\\w{1,10} )?(?:incident|outage|problem|issue)',
  "was war (?:da |denn )*(?:los|das)|que (?:paso|ha pasado)|qu'est-ce qui s'est passe",
  '(?:war|waren|gab es|kamen|hatten|hatte) (?:\\w{1,12} ){0,4}(?:down|weg|langsam|nicht erreichbar|kaputt|fehler|probleme|timeouts?|[45]\\d\\d)',
  'gingen? (?:\\w{1,12} ){0,3}nicht|nefungoval[aoy]?|nesel|nie dzialal[aoy]?|no se podia|no funcionaba',
  'etait (?:\\w{1,10} )?(?:inaccessible|indisponible|en panne|down|ko)',
);
/** What happened once, when a time that is over stands beside it: "at 05:00 it refused connections", "broke ten minutes ago". */
export const HAPPENED = anyOf(
  'fail(?:ed|ures?)|refus(?:ed|als?)|timed out|reject(?:ed|ions?)|dropp?(?:ed)|lost|broke|hung|crash(?:ed)?|died',
  'stopped|threw|gave|returned|answered|took|reset|outages?|downtimes?|spikes?|bursts?|unavailability|happened',
  'went (?:down|away|dark|offline)|ausfall|[45]\\d\\ds?|errors?|coupure|caida',
);
/** A time or a window that is over. */
export const ENDED_TIME = anyOf(
  'ago|vor (?:\\w{1,8} ){1,3}(?:min|stunde)\\w{0,5}|hace (?:unos |un |\\d+ )\\w{1,10}|il y a',
  "(?<!since |until |from |as of )(?:at|around|about|um|gegen|a las|vers) (?:\\d{1,2}(?:[:.]\\d\\d|(?:[:.]\\d\\d)? ?(?:am|pm|utc|uhr|o'clock))|noon|midnight|lunch)",
  '(?:on|last|letzten|letzte) (?:mon|tues|wednes|thurs|fri|satur|sun)day',
  'on (?:nov|dec|jan|feb|mar|apr|may|june?|july?|aug|sept?|oct)\\w{0,6} \\d',
  "(?<!(?:not|n't|worked|works|fine|ok|okay|good) (?:\\w{1,8} ){0,2})last (?:week|weekend|month)",
  `${CLOCK} (?:and|to|until|till|und|bis|y|et|a) ${CLOCK}`,
  '(?:between|zwischen|entre|from|von) (?:\\w{2,4} )?\\d{1,2}(?:[:.]\\d\\d)? ?(?:am|pm|uhr)? (?:and|to|until|till|und|bis|y|et) (?:\\w{2,4} )?\\d{1,2}',
);
/** Days and hours that are over. They date trouble only where no change is told: "since they changed it yesterday". */
export const PAST_DAY = anyOf(
  "(?<!(?:worked|works|working|fine|ok|okay|like|as|than|so) (?:\\w{1,8} )?)(?:yesterday|last (?:night|evening|week(?:'s)?)|earlier(?: today)?|this morning|at (?:lunch|noon|night)|gestern|heute nacht|vcera|wczoraj|hier soir|ayer|anoche|ieri|ontem|gisteren)",
);
/** Somebody changed something: the day beside it may be the day of the change. */
export const TOLD_CHANGE = anyOf(
  '(?:chang|add|deploy|releas|upgrad|updat|migrat|mov|switch|replac|roll|renew|restart|install|remov|enabl|expir|laps|turn|touch|patch|merg|nasad)\\w{0,5}',
  'rollout|ran out|after|since|until|before|seit|nach|od|po|depuis|desde|sinds',
);
/** It goes on. "Still curious" is not about the trouble. */
export const STILL = anyOf(
  "still(?! (?:curious|like|want|wonder\\w{0,3}|would|interested|need|no idea|unclear|don't know))",
);
/** It goes on, whatever was said of the past. */
export const NOW = anyOf(
  'ongoing|firing|right now',
  '(?:today|heute|hoy) (?:too|as well|also|again|auch|wieder|tambien)',
  "(?<=and |but |, |; )(?:today|heute|hoy)(?! (?:at|around|between|from|zwischen|von|um|it'?s (?:fine|ok)))",
  'start(?:ed|s)? (?:\\w{2,12}ing|to (?!work)\\w+|at|when|after|with)',
  '(?:outage|errors?|issue|problem|bug)s?(?: [^.,\\n]{1,20})? (?:is|are|seems?(?: to be)?) back|currently',
  "at the moment|now (?:it'?s |it is |is )?(?:down|broken|dead|not)|again(?! (?:now|fine))",
  '(?<!(?:back|ok|fine|good|up|works|wieder|nothing|timeouts|errors) )since(?! yesterday(?:,| and| until)| (?:then|midnight)$)',
  'keeps?|(?<!(?:was|were|why|how) )not (?:working|loading|responding|answering|opening|reachable)|all red',
  'is (?:\\w{2,10}ly )?(?:down|broken|slow|failing|dead|unreachable|timing|throwing|returning|giving|getting|showing|not)',
  "are (?:down|broken|slow|failing|getting|seeing|timing|not)|(?:is|are)n't|doesn't|does not|do not",
  "don't(?! (?:see|have) (?:it|them|that) any)|can't|can ?not|gets|(?:no ?body|no one) can",
  "nothing (?:works|loads|opens)|has(?:n't| not| been)|have(?:n't| not)|stays?",
  '(?:refus|reject|drop|di|stop|break|crash|hang|fail|show|throw|giv|return|answer|tak)e?s|times out',
  'nicht mehr|immer noch|noch immer|seit|geht nicht|nix geht|nejede|nejde|nefunguje|nie dziala|porad|stale|od|nadal|wciaz',
  'toujours|ne (?:repond|marche|fonctionne|charge) (?:pas|plus)|depuis(?!$|[.,])|sigue',
  'no (?:carga|funciona|responde|va)|desde|ainda|ancora|sinds|nog steeds',
);
/** For good, or each time. */
export const LASTS = anyOf(
  "for good|it(?:'s| is) not(?=$|[.,;!])|permanent(?:ly)?|every single (?:time|request|call|one)",
  'each (?:and every )?time',
  "(?:has|have|had|is|did)(?:n't| not) (?:come back|recovered|recover|go away|gone away|resolved)",
  "(?:is|are|it's|has) (?:\\w{1,8} )?(?:still|not (?:fixed|resolved|gone|over|back))",
);
const NOT =
  "(?:acting|playing|messing|be|get|being|getting|nothing|nobody|none|not|n't|never|no|was|is it|stopped|until it|if it|when it|once it|hasn't|isn't)";
const TROUBLE = '(?:error|errors|issue|problem|problems|fehler|bug|outage|[45]\\d\\ds?)';
/** Past for all that: it works at the time of writing, or the trouble is said to have ended. */
export const ENDED = anyOf(
  `(?<!${NOT} (?:\\w{1,8} )?)(?:works?|working|fine|ok|okay|good|up|back|normal|green|stable|loads)(?: (?:fine|just|ok))? (?:again|now|at the moment|since(?=$|[.,!]))`,
  "now (?:it'?s |its |it is |everything is |all (?:is )?)?(?:fine|ok|okay|good|green|works)",
  `(?<!${TROUBLE}[^.,\\n]{0,12} )(?:(?:is|came|all) back(?! to (?:the )?(?:old|previous))|is over(?=$|[.,;!]| now| again| since))`,
  `(?<!${NOT} (?:\\w{1,8} )?)(?:recovered|healed|resolved|back up|back to normal)`,
  '(?:seems|is|was|got|been|seems to be) fixed(?! (?:yet|but|and))|(?:fixed|healed|resolved) itself',
  `(?<!${NOT} (?:\\w{1,8} )?)(?:works|fine|ok) today|gone now`,
  `(?<!${NOT} )up (?:again|at \\d)`,
  '(?:later|afterwards|then|after that),? (?:it |all |everything )?(?:was|were|worked) (?:fine|ok|okay|good|normal|back|again)',
  `(?<!${NOT} )(?:${TROUBLE}|it|they|alerts?|timeouts?|all)(?: (?:has|have|just|then))? (?:stopped|disappeared|vanished|cleared|went away|gone away|ended)(?! (?:working|responding|loading|answering|serving))`,
  'alert cleared|no (?:more )?\\w{3,12} (?:any ?more|since(?=$|[.,!]))',
  "(?:do|does|did)(?:n't| not) (?:see|have|get|happen)(?: \\w{2,5})? any ?(?:more|longer)",
  'no longer (?:see|happens?|occurs?)|see nothing(?: right)? now',
  '(?:rerun|retry|second (?:try|run)) (?:went through|worked|succeeded|was (?:ok|fine))',
  'until (?:somebody|someone|you|we|they|he|she|i|it)(?: was| got)? (?:renewed|restarted|fixed|rolled|scaled|replaced|reloaded|reverted|changed|killed)',
  '(?:jetzt|inzwischen|mittlerweile|nun) (?:ist )?(?:alles )?(?:wieder|geht|gut|ok|schon wieder)',
  '(?:geht|lauft|klappt|funktioniert) (?:\\w{1,8} )?wieder(?! mal| nicht| einmal)',
  '(?:ist|wieder) (?:da|gut|normal|online|erreichbar)(?! \\w)|behoben|uz (?:jde|jede|funguje)|juz dziala',
  'ya (?:funciona|va|esta|volvio|carga)|ahora (?:ya |va |todo )?(?:bien|funciona|va)|resuelto|solucionado',
  '(?:est |c.est )?(?:retabli\\w{0,2}|reparti|resolu|revenu)(?! puis| mais)|(?:re)?marche (?:a|de) nouveau',
  'plus rien depuis|ora funziona|risolto|werkt weer|opgelost',
);
