import { anyOf } from './words.ts';

/** Words of trouble, folded (see words.ts). They make a report only where nothing in other-talk.ts speaks against it. */
export const TROUBLE = anyOf(
  // It is not there.
  'down|ded|dead|outages?|unreachable|unavailable|inaccessible|offline|unresponsive|not there|went away|(?:is|are|just) gone|vanished|disappeared|dies|died|dying',
  // It is broken.
  'broken?|broke|breaks|breaking|borked|busted|hosed|kaput|crash(?:ed|es|ing)?|fail(?:s|ed|ing|ures?)?|errors?|erroring|errored|fucked|screwed|on fire|misbehav(?:es|ing)|acting (?:up|weird|strange|funny)|(?:is|are|looks|behaves) (?:weird|strange|odd|degraded|unstable)|unusable|degraded|unstable|flak(?:y|ey)|flapping|hiccups?|unhappy|malfunction\\w{0,4}',
  // It is slow, or waits for ever.
  'slow(?:er|ly|ness)?|sluggish|lagg?(?:y|ing)|lags|crawl(?:s|ing)|hangs?|hanging|hung|stuck|freez(?:es|ing)|frozen|spins|spinning|spinner|tim(?:e|es|ed|ing) ?out|time-?outs?|(?:loads?|takes?|taking|waiting) (?:for )?(?:ages|forever|for ?ever|minutes)|through the roof|\\d+ ?s(?:ec(?:onds?)?)? (?:per|for (?:a|every|each)|to load)',
  // It cuts people off.
  'drops|dropped|dropping|disconnect(?:s|ed|ing)?|reconnect(?:s|ing)?|kick(?:s|ed|ing) (?:me |us |people |users )?out|log(?:s|ged|ging) (?:me|us|people|users) out|resets?|resetting|refus(?:es|ed|ing)|rejects?|rejected|closes|cut(?:s|ting)? (?:me |us )?off',
  // It does not do what it should.
  "(?:do|does|did|is|are|will|would|can|could|wo|was|were)(?:n'?t| not|n not) (?:\\w{2,10} )?(?:work|load|open|respond|connect|reach|answer|log ?in|login|sign in|start|come up|be reached|get|access|see|resolve|render|show|post|pay|upload|download|save|use|find|send|submit|order|sync|display|go through|establish|finish|complete)(?:ing|able)?",
  "(?:can'?t|cannot|can not|could ?n'?t|could not|unable to|not able to|fails to|failing to|refuses to|impossible to) (?:\\w{2,10} )?(?:work|load|open|respond|connect|reach|answer|log ?in|login|sign in|start|access|see|resolve|get|post|pay|upload|download|save|use|find|send|submit|order|sync|establish)",
  'not (?:work|load|respond|open|reach|connect|answer|resolv|render|display|show|sync|updat)(?:ing|able)|not (?:accessible|available|responsive)|no (?:response|connection|answer|reply|page)|(?:nobody|no one|noone|neither|none of us|nothing)(?: \\w{1,20}){0,6} (?:can|works?|loads?|opens?|responds?|answers?|get|reach)',
  // Something else than expected comes.
  '(?:blank|white|empty|error) (?:page|screen)|(?:shows?|getting|get|got|serves?|sees?|display\\w{0,3}) (?:a |an |the |just a )?(?:blank|empty|wrong|someone else|old version)|wrong (?:cert|certificate|page|site|content)|(?:expired?|invalid|untrusted|self-?signed|bad) cert\\w{0,10}|cert(?:ificate)?s?(?: \\w{1,12}){0,3} (?:expired|invalid|wrong|warnings?|errors?|not trusted|untrusted)|(?:certificate|security|privacy|ssl|tls) warnings?|connection (?:is )?not (?:private|secure)|redirect loop|endless redirects?|garbled',
  // Uneven load.
  'gets? all the (?:traffic|load|requests)|(?:only|just) one (?:of (?:the|our|their) )?(?:\\w{1,10} ){0,2}(?:pod|pods|instances?|replicas?|endpoints?|servers?|nodes?)|unbalanced|uneven(?:ly)?|imbalanced?',
  // Nothing more than that something is wrong.
  "problems?|problme?s|issues?|troubles?|(?:something|smth|sth|anything)(?:'s| is| seems| looks)? (?:wrong|off|fishy|up)|what'?s (?:wrong|up) with|wrong with|complain(?:s|ed|ing|ts)?|incident|having trouble|struggling",
  // It came back, which is bad when it is an error: "502s are back".
  '(?:errors?|problems?|issues?|timeouts?|[45]\\d\\ds?|outage) (?:is|are) back',
  // German
  'geht (?:\\w{1,12} ){0,4}nicht|gehen nicht|(?:funktionier|lad|offne|reagier|antworte|erreich|verbinde)\\w{0,3} (?:\\w{1,12} ){0,3}nicht|nicht (?:\\w{1,10} )?(?:erreichbar|verfugbar|moglich|erreichen|offnen|laden|einloggen|anmelden|aufrufbar|nutzbar)|kaputt|langsam|lahmt|hangt|haengt|ausfall|ausgefallen|abgesturzt|fehler\\w{0,10}|stort|storung|(?:ein )?problem\\w{0,2}|tot|weisse? seite|leere seite|bricht ab|abbruche?|lauft nicht|spinnt|zeituberschreitung',
  // Czech and Slovak
  'nejde|nejdou|nefunguj[eui]|nefungovala?|nejede|nejedou|nefunguju|spadl[aoy]?|pada|padaji|haze|hazi|neodpovida|neodpoveda|nenacit\\w{0,5}|nenabiha|nedostupn\\w{1,3}|vypadek|vypadk\\w{1,3}|pomal[eyau]|pomaly|toci se|chyb[auy]|chybu|nemuz\\w{1,4} se|nemohu se|nemozem|neda se|nedari se|rozbit[eyao]|lezi|seka se|visi|vypadava|problem[yu]?|neotevr\\w{1,4}|nepripoj\\w{1,3}|zlobi|blbne',
  // Polish
  'nie (?:dziala\\w{0,3}|odpowiada|laduje|otwiera|moge|mozna|mozemy|da sie|wchodzi)(?: sie)?|niedostepn\\w{1,3}|awari\\w{1,3}|padl[aoy]?|lezy|wolno|bardzo wolny|blad|bledy|bledem|zawiesza|rozlacza|problem[yu]?|wywala|sypie',
  // French
  "ne (?:\\w{1,12} )?(?:fonctionne|marche|repond|charge|s'ouvre|s'affiche|passe)(?:nt)? (?:pas|plus)|(?:marche|fonctionne|repond|charge|s'ouvre|passe) (?:pas|plus)|en panne|hors[ -]service|inaccessibles?|indisponibles?|injoignables?|lente?s?|rame(?:nt)?|erreurs?|plante\\w{0,3}|impossible d\\w{0,2}|impossible|est tombe\\w{0,2}|soucis?|problemes?|page blanche|bug(?:ue|gue)\\w{0,3}|coupe(?:s|nt|ures?)?|n'arrive(?:ns)? (?:pas|plus)",
  // Spanish
  'no (?:me |nos |les |se )?(?:funciona|carga|responde|abre|va|anda|conecta|puedo|podemos|deja|puede)n?|caid[oa]s?|se cayo|se ha caido|lent[oa]s?|fall[aoe]n?|fallando|error(?:es)?|problemas?|inaccesible|no disponible|pagina en blanco',
  // Portuguese
  'nao (?:\\w{1,8} )?(?:funciona|carrega|responde|abre|consigo|conseguimos|esta funcionando|entra|conecta)|fora do ar|caiu|cair[ao]m|lent[oa]|travad[oa]|travando|erros?|indisponivel|instavel|com problemas?|problemas?|quebrad[oa]|parou',
  // Italian
  'non (?:si |mi |ci |ti )?(?:funziona|carica|risponde|apre|va|parte|riesco|riusciamo|raggiungibile|e raggiungibile|disponibile|e disponibile)(?:no)?|giu|lent[oaie]|errore|errori|bloccat[oa]|problem[ai]|e caduto|irraggiungibile',
  // Dutch
  'doet het niet|doen het niet|werkt niet|werken niet|werkt (?:\\w{1,12} ){0,3}niet|werken (?:\\w{1,12} ){0,3}niet|laadt niet|ligt (?:\\w{1,12} ){0,5}(?:uit|plat|eruit)|(?:is|ligt) (?:er)?uit|plat|onbereikbaar|niet bereikbaar|traag|langzaam|kapot|storing|foutmelding|fout(?:en)?|hapert|kan niet (?:\\w{1,12} ){0,3}(?:inloggen|openen|bereiken)|reageert niet|problemen',
);

/** "Is the wiki up?", "does checkout work for anybody?": questions about the present are the shortest reports there are. */
export const IS_IT_UP =
  /\b(?:is|are|does|do|can|anyone|anybody)\b[^.?!\n]{0,60}\b(?:up|working|work|ok|okay|alive|reachable|accessible|responding|load|open|reach|access)\b(?: (?:for|at all|right now|now|properly|correctly|atm|today|on your (?:side|end))[^.?!\n]{0,30})? ?\?/i;

/** "Was it Traefik again?", "is it the ingress?": whoever suspects something has seen something. */
export const SUSPICION =
  /\b(?:is|was|isn't|wasn't|could|can|might|maybe|surely|must be|blame|again|probably|ist|je|to|c'est|es|est)\b[^.?!\n]{0,30}\b(?:ingress|traefik|nginx|haproxy|envoy|istio|proxy|load ?balancer|lb|nlb|alb|edge)\b(?: (?:again|the|a|culprit|problem|issue|reason|cause|guilty|overloaded|down|broken|being|slow|wieder|schuld|zase|encore|otra|vez)){0,4} ?\?|\b(?:ingress|traefik|nginx|haproxy|envoy|the proxy|load ?balancer)\b(?: (?:again|down|issues?|problems?|being \w{1,10}|acting up|up to something|schuld|zase|encore)){1,3} ?[?!]|^\W{0,3}(?:ingress|traefik|nginx|haproxy|envoy) ?\?|\bingress\?$/i;

/** Where no host is named, what the trouble has to be about to be ours. */
export const OURS = anyOf(
  'ingress(?:es)?|load ?balancers?|lb|proxy|proxies|edge|gateway|cluster|prod|production|live system',
  'site|sites|website|websites|web ?page|pages?|home ?page|landing page|domains?|hosts?|urls?|web ?app|platform|backend|frontend|endpoints?|services?|requests?|calls|connections|network|internal tools?|our (?:apps?|systems?|tools)|the apps?|everything|everywhere|all (?:\\w{1,12} )?(?:apps|services|tools|systems|sites|hosts|pages|dashboards)|nothing (?:works|loads|opens|is (?:working|loading))',
  'customers?|clients?|users|partners?|anyone else|anybody else|someone else|just me|only me|everyone|everybody',
  'log ?in|sign ?in|apis?|websockets?|dashboards?|checkout|dns|tls|ssl|https?',
  'seiten?|webseite|kunden|alles|stranka|stranky|stranek|web|weby|vsechno|vse|nic|strona|strony|wszystko|tout|le site|notre site|todo|la pagina|la web|el sitio|tudo|o site|tutto|il sito|la pagina|alles|de site|niets|inloggen',
);
