import { anyOf } from './words.ts';

/**
 * Talk that uses the words of trouble without reporting any. Each table speaks for one kind; all are folded (words.ts).
 * A match is a sign, no proof: what it weighs is learnt (learn.ts).
 */
export const OTHER_TALK: readonly { kind: string; pattern: RegExp }[] = [
  {
    // Asking for ways, means, people and papers. "Why" asks about trouble, so it is not here.
    kind: 'how-to',
    pattern: anyOf(
      'how (?:do|can|should|would|does|to|is|are|long|often|many|much)',
      "what (?:is|are|does|do|did|should|would|version|happens|kind|about)(?! (?:going on|happening|wrong|up))|what'?s the|whats the",
      "(?:i|we)(?:'d| would) (?:like|love) (?:to|a|an)(?! report)|i want to (?!report)|(?:i|we) need (?:a|an|some|access|to (?:add|get|know|change|have|set|find|understand))|(?:please|pls|kindly) (?:increase|add|whitelist|allow|approve|create|give|grant|remove|update|change|review|merge|raise)|can'?t (?:find|remember)|quick question|where (?:is|are|can|do|does|should)|which (?:\\w{1,15} ){1,3}(?:is|are|do|does|should)|who (?:owns|is responsible|knows|can (?:explain|help me with|tell|grant))|whom",
      'when (?:will|is|are|do|does|should|can|was|did|has|have)',
      '(?:does|do) (?:anyone|anybody|someone|you|we) (?:know (?:how|where|which|who|whether|a )|have (?:a|an|any|experience)|alert|support|monitor|still use|need|want|use)',
      '(?:can|could|would|may) (?:someone|somebody|anyone|anybody|you|we|i) (?:please |pls )?(?:review|approve|explain|add|create|give|grant|merge|get|have|use|restart|deploy|share|send|show|teach|invite|rename|move|increase|update|document)(?! \\w{1,12} (?:502|503|504))(?! the (?:ingress|proxy))',
      'is there (?:a|an|any|some) (?:way|doc|docs|documentation|guide|runbook|plan|example|tutorial|dashboard|reason to|tool|chance|limit|time-?out|setting|option|flag|list|template|process)|error codes? (?:of|for|in|list)|[45]\\d\\d = |(?:please |new joiners:? )?read (?:the|this|up|our)',
      'should (?:we|i|it|this)|shall (?:we|i)|would it|any (?:docs|documentation|plans?|recommendations?|tips|advice)',
      'wie (?:kann|mache|geht|bekomm\\w{0,3}|krieg\\w{0,3}|funktioniert)|wo (?:ist|finde)|wer (?:ist|kann)',
      'jak (?!\\w{0,3} ?dlouho)\\w{2,20}(?!.{0,40}(?:nejde|nefunguje|nie dziala))|kde (?:je|najdu)|kdo (?:ma na starosti|vi)|gdzie (?:jest|znajde)',
      'comment (?!ca se fait)|qui (?:peut|sait|a acces)|(?:qualcuno|alguem|alguien|jemand|ktos|nekdo) (?:sa|sabe|weiss|wie|vi|me puede|mi puo)|weiss jemand|weet iemand|vi nekdo|ou (?:est|puis-je|trouver)|como (?:\\w{2,12}o|puedo|se|hago|posso|faco|faz|crear|anadir|adicionar)|donde|onde (?:fica|esta|encontro)|come (?:si|posso|faccio|aggiungo|devo)|dove (?:si|trovo)|hoe (?:kan|krijg|moet|doe|werkt|maak)|waar (?:is|vind|kan)',
    ),
  },
  {
    // What has not happened.
    kind: 'hypothetical',
    pattern: anyOf(
      '(?<!(?:not sure|unsure|know|knows|see|check|wonder|wondering|tell|idea|clue|as|even|asking|asked|asks|ask|me|look) )(?:if|unless)(?! (?:i|we|you|one|they) (?:open|click|load|go|try|log|call|reload|access|visit|use|refresh|curl|hit|send|bypass|skip|connect|ask))',
      "in case|what if|suppose|imagine|assuming|pretend|hopefully|hope|wish|let'?s hope|fingers crossed|worst case|one day",
      '(?:what|who) (?:happens|would happen)|would (?:be|have|break|fail|crash|go)|might (?:break|fail|go|cause)|could (?:break|fail|cause)|may (?:break|fail|cause|be (?:slow|down|unavailable|briefly))',
      'falls|wenn (?:\\w{1,15} ){1,4}(?:ausfallt|kaputt geht|down geht|nicht mehr)|kdyby|gdyby|au cas ou|si jamais|en caso|caso|qualora|stel dat|mocht',
    ),
  },
  {
    // What will be done, is being done, or is done, on purpose.
    kind: 'announcement',
    pattern: anyOf(
      "(?:i|we|they|he|she|it|i'?m|we'?re|team|ops|there|and|then|please)?(?:'ll| will| shall| wo)(?: (?:shortly|soon|now|briefly|then|also))? (?:be|deploy|upgrade|migrate|restart|roll|switch|move|replace|update|take|start|do|shut|reboot|try|have|add|remove|release|work|turn|perform|run|look|check|break|see|return|happen|drain|get)",
      '(?:going|about|plan|planning|want|scheduled|supposed) to (?:be |\\w{1,10} )?(?:deploy|upgrade|migrate|restart|roll|switch|move|replace|update|take|shut|reboot|do|release|drain|break|kill|perform|test|start|down|unavailable)',
      '(?:planned|scheduled|upcoming|announced) (?:\\w{1,12} ){0,2}(?:maintenance|downtime|outage|window|upgrade|work|restart|migration|interruption)|maintenance(?! (?:page|site|screen|banner))(?: (?:window|tonight|tomorrow|announcement|notice|mode|on|from|starts|until|work))?|change window|downtime (?:window|tonight|tomorrow)|down for maintenance',
      'tomorrow|tonight|next (?:week|month|monday|tuesday|wednesday|thursday|friday|weekend|sprint|release)|this (?:weekend|evening)|later today|on (?:saturday|sunday) (?:from|at|we|between)',
      'fyi|heads[- ]?up|reminder|psa|announcement|announcing|please note|note that|be aware|for your information|post-?mortems?|retro(?:spective)?|incident (?:review|report|summary|debrief)|root cause(?: of)?|rca|lessons learned|release notes|changelog|write-?up',
      "expect(?:ed)?(?: (?:a |some |short |brief |few |minor ){0,3}(?:errors?|blips?|50\\ds?|downtime|hiccups?|interruptions?|slowness|timeouts?|outages?))|do(?:n'?t| not) panic|no (?:action|impact) (?:is )?(?:needed|required|expected)|will be back",
      '(?:is|are|being|get|gets|getting) (?:being |now being |currently being )?(?:upgraded|migrated|restarted|replaced|moved|rolled out|drained|patched|decommissioned|updated)(?! (?:but|and) )',
      '(?:has|have) been (?:deployed|released|upgraded|migrated|fixed|resolved|merged|rolled out|restarted|renewed|replaced|moved|updated|rolled back|reverted|scaled)',
      '(?:please|pls|kindly) (?:report|let (?:me|us) know|tell|ping|shout|post|raise|open a ticket|contact)|let (?:me|us) know if|(?:ping|tell|call|dm) (?:me|us) (?:if|when)|report (?:any|all|slow|problems)',
      '(?:migration|switch|move|cutover|rollout|upgrade) (?:of|to) (?:\\w{1,20} ){1,4}(?:is|at|done|complete\\w{0,1}|finished|starts|continues|goes)|rollout (?:of \\w{1,20} )?(?:starts|started|finished|done|complete|completed|continues|paused|begins|is (?:done|finished|complete|starting))|(?:load|stress|chaos|penetration|pen|failover|dr) ?-?(?:test|tests|testing|day|drill|exercise)(?!.{0,40}\\?)',
      'wartung\\w{0,15}|(?:starten|deployen|aktualisieren|migrieren|tauschen|schalten) wir|wir (?:deployen|aktualisieren|starten|migrieren|updaten|rollen)|morgen (?:von|ab|um|fruh|wird|werden)|heute abend|geplante?r?s?|wird (?:\\w{1,15} ){0,4}(?:neu gestartet|aktualisiert|abgeschaltet|migriert|umgezogen)',
      'odstavk\\w{1,3}|planovan\\w{1,4}|zitra|dnes vecer|dneska vecer|nasazuj\\w{1,4}|budeme (?:\\w{1,15} ){0,2}\\w{2,15}at|bude (?:\\w{1,15} ){0,3}(?:nedostupn\\w{1,3}|odstaven\\w{0,2})|prace serwisowe|konserwacj\\w{1,2}|jutro|dzis wieczorem|bedzie (?:\\w{1,15} ){0,3}niedostepn\\w{1,3}|wdrazamy|planowan\\w{1,3}',
      'maintenance (?:prevue|planifiee)|ce soir|demain|prevue?s?|mantenimiento|manana|esta noche|programad[oa]s?|actualizamos|manutenzione|stasera|domani|programmat[oa]|aggiorniamo|manutencao|amanha|hoje a noite|programada|onderhoud|morgen(?:avond)?|vanavond|gepland',
    ),
  },
  {
    // Somebody tells what they did, or are doing, to a thing.
    kind: 'work',
    pattern:
      /^(?:\W{0,4}(?:ok(?:ay)?|so|done|and|now|just|today|yesterday|hi|hey|hello|all|team|i|we|i'm|we're|i've|we've|have|had|am|are|was|also|currently|already|finally|then|quickly|@\w{1,20})[ ,:]{1,3}){0,6}\W{0,3}(?:added|adding|pushed|pushing|opened|finished|finishing|completed|found the|reviewed|reviewing|wrote|started|starting|stopped|changed|changing|fixed|fixing|renewed|renewing|scaled|scaling|deployed|deploying|upgraded|upgrading|updated|updating|migrated|migrating|rolled|rolling|restarted|restarting|reverted|reverting|implemented|implementing|refactored|refactoring|merged|merging|released|releasing|removed|removing|taking|took|moved|moving|switched|switching|improved|improving|wrote|writing|created|creating|documented|documenting|reading|learning|debugging|tuned|tuning|raised|lowered|increased|increasing|reduced|bumped|bumping|closing|closed|drained|draining|testing|configured|configuring|working on|built|building|enabled|enabling|disabled|disabling|rebooting|rebooted|cleaned|cleaning|replaced|replacing|investigated|patched|patching|shipped|shipping|tested|handled|handling|simulated|simulating|playing)\b(?! (?:me|us) out)/i,
  },
  {
    // What ought to be built, and how it is set.
    kind: 'plans and settings',
    pattern: anyOf(
      "we (?:should|need to|must|have to|ought to|could) (?:\\w{1,12} ){0,2}(?:add|raise|increase|lower|set|implement|handle|retry|alert|monitor|document|test|replace|return|use|write|think|discuss|improve|avoid|make|have)|we need (?:a|an|better|more|to add)|need (?:a|an) (?:story|ticket|alert|dashboard|runbook)|let'?s (?:\\w{1,12} ){0,2}(?:add|raise|test|set|see what|discuss|make|try|write|use|have|replace|talk)",
      '(?:add|raise|increase|lower|set|default|implement|configure|change|tune|reduce|bump|the|idle|read|keep-?alive|upload|proxy) (?:\\w{1,10} ){0,2}time-?outs? (?:to|of|in|for|is|are|handling|settings?|values?|config\\w{0,10}|by default)|time-?outs? (?:(?:for|to|of|in|on) (?:the )?\\w{1,15} )?(?:is|are|=) (?:\\d+|set|by|still set|configured)|(?:by|the) default (?:is|value)|error (?:handling|budget|messages? (?:text|wording)|codes? (?:list|table)|page design)|retr(?:y|ies) (?:on|for|logic)',
      'alert (?:rules?|thresholds?|for|on)|(?:new|nice|better|pretty|custom|own) (?:error|404|500|503) pages?|slo|sla|slos|error rates? (?:(?:is|are|was|stays?|remains?) )?(?:unchanged|flat|low|fine|ok|back|down|normal|stable)',
      'thinking about|was thinking|what do you (?:prefer|think)|compared? (?:to|with)|versus|prefer|evaluat(?:e|ing)|proposal|rfc|adr|design doc|roadmap|okrs?|quarter',
    ),
  },
  {
    // What statuses and proxies do in general.
    kind: 'general',
    pattern: anyOf(
      "means?|meaning|stands for|usually|typically|generally|in general|normally|in theory|by definition|always means|is (?:a|an|the) (?:client|server|gateway|status|http) (?:error|code|status)|(?:the )?(?:docs?|documentation|spec|rfc|manual|book|readme) (?:say|says|state|states|mentions?|claims?|explains?)|remember(?: that)?[:,]? (?:a )?\\d+|fun fact|hiring|job opening|v?\\d{1,3}\\.\\d{1,3}(?:\\.\\d{1,3})?: (?:fix|add|improve|remove|bump|change)\\w{0,3}|interesting(?: read)?[:,]?|report (?:about|on) (?:their|the|an)|their outage|as expected|by design|on purpose|intentional(?:ly)?|has a fix for|fix(?:es)? for the|we were not affected|always the (?:ingress|proxy|network|dns)|if it'?s not|t-?shirts?|did you know|tl;?dr|explained|difference between",
      '(?:article|blog|blog ?post|talk|video|podcast|webinar|conference|meetup|paper|course|training|workshop|tutorial|newsletter|book|on hn|hacker ?news|reddit|tweet|presentation|slides)',
      "(?:last|previous|this) (?:month|quarter|year)(?:'s)?|(?:outages?|incidents?|downtimes?|issues?) (?:last|on|of|from|in) (?:week|month|year|quarter|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|november|december)|cost us|weekly|monthly|quarterly|statistics|stats|numbers of|on average|year over year|kpi|new record|last week",
    ),
  },
  {
    // Code that is not served yet.
    kind: 'code',
    pattern: anyOf(
      'pull requests?|prs?|merge requests?|mrs?|pr ?#\\d{1,6}|(?:unit|integration|e2e|smoke|regression|acceptance|flaky|failing|cypress|playwright|jest|api) ?-?tests?|runners?|out of disk|jobs? (?:fails?|failed)|tests? (?:suite|case|fail\\w{0,3}|pass\\w{0,3}|run|cover\\w{0,3}|is|are|expects?|for)|the test|test "|pipelines?(?: (?:failed|fails|is|run))?|ci (?:jobs?|runs?|builds?|is|pipeline|fails|failed)|(?:the|my|docker|nightly|maven|gradle|npm|release) builds?|builds? (?:#?\\d{1,7} )?(?:failed|fails|is broken|broken|is red|is slow|error\\w{0,2})|main is (?:red|broken)|master is (?:red|broken)',
      '#\\d{1,7}:? (?:success|failure|failed|unstable|aborted)|jira|sprint|story points?|backlog|estimate|refactor\\w{0,4}|lint(?:er|ing)?|eslint|prettier|typescript|code review|type ?error|syntax ?error|compil(?:e|er|es|ation)|nullpointer\\w{0,10}|null pointer|stack ?overflow|git (?:checkout|push|pull|clone|merge|rebase|commit)|npm (?:install|ci|audit|run)|yarn install|pip install|docker (?:build|compose)|terraform (?:plan|apply)|helm (?:lint|template)|merge conflicts?|rebase|in my branch|feature branch|repo(?:sitory)?|locally|on localhost|localhost|local dev|dependabot|mock(?:s|ed)?|ide|intellij|vs ?code|debugger|breakpoint',
    ),
  },
  {
    // Jokes in the words of the trade.
    kind: 'joke',
    pattern: anyOf(
      "(?:my|his|her|the boss's|your|our) (?:brain|motivation|mood|life|love life|cat|dog|kids?|social life|sleep|humou?r|day|week|english|patience|energy|will to live|memory|soul|wallet|bank account|diet|stomach|appetite|weekend)|(?:coffee|sleep|weekend|brain|motivation|humou?r|joke|lunch|beer|pizza|friday|vacation|holiday) not found|lol|lmao|rofl|just kidding|jk|memes?|knock knock|good news|yay|hooray|woohoo|:tada:|looks (?:amazing|great|awesome|nice|good|cool|beautiful)",
    ),
  },
  {
    // Trouble that is no failure of a service: what it says, looks like, costs.
    kind: 'content',
    pattern: anyOf(
      "(?:new|dead|broken|old|wrong) links?|link (?:in|for|from) (?:the|your|our)|typos?|translations?|wording|spelling|colou?rs?|font|layout|logo|icon|(?:the )?(?:price|sum|sums|amount|total|vat|figures|numbers) (?:is|are|do|does|don't|on|in|shown)|refunds?|invoice (?:is|amount)|wrong (?:price|amount|address|language|currency|numbers?|person|channel|thread|link|branch|date|time zone|meeting|size|room)|access (?:rights|request)|permission to|licen[cs]e|vacation|payroll|tax",
    ),
  },
];

/** Things that break without being served over our network. A clause about them that names no host is none of ours. */
export const OTHER_THINGS = anyOf(
  'printers?|coffee|coffee ?machine|espresso|microwave|fridge|dishwasher|kitchen|toilets?|elevators?|lift|escalator|doors?|door lock|badge|chairs?|desks?|lamps?|lights?|heating|heater|air ?con(?:ditioning)?|a\\/?c|projectors?|beamer|whiteboard|parking|garage|bikes?|cars?|trains?|trams?|bus|buses|traffic on the|highway|flight|weather|football|match|game|lunch|pizza|beer|canteen|party|weekend|birthday|window blinds|water|power outlet|fire alarm|vending machine',
  '(?:my|his|her|the|your) (?:laptop|machine|notebook|computer|pc|mac|macbook|monitors?|screen|headset|headphones?|keyboard|mouse|webcam|camera|phone|battery|charger|dock(?:ing station)?|back|head|bed|car|bike|alarm clock|internet at home|home internet|home wifi|vpn|password|outlook|calendar|payslip|english)|wi-?fi|bluetooth|excel|outlook|powerpoint|word document|zoom|teams call|webex|slack (?:call|huddle|app)|google meet|usb|hdmi',
  'drucker|kaffeemaschine|aufzug|heizung|stuhl|fahrstuhl|bildschirm|tastatur|klimaanlage|kuche|kavovar|tiskarn\\w{1,3}|vytah|topeni|klimatizace|zidle|drukark\\w{1,2}|ekspres|winda|ogrzewanie|imprimante|machine a cafe|ascenseur|chauffage|chaise|impresora|cafetera|maquina de cafe|ascensor|calefaccion|stampante|macchinetta|ascensore|riscaldamento|impressora|elevador|cafeteira|koffiemachine|koffiezetapparaat|koffie|lift|verwarming|stoel',
);

/** It is over: what was said before in the message is past. */
export const OVER = anyOf(
  "(?<!(?:not|be|been it|to get|get this|get it|get that|isn't|n't) )(?:resolved|solved|fixed)(?! (?:it )?\\?)|recovered|false alarm|never ?mind|nvm|ignore (?:me|that|this|my last)|scratch that|my bad|my fault|my mistake|user error",
  "(?<!(?:not|n't|never|stopped|nt|barely|hardly|nothing|without|longer|only|nobody|cannot|even) )(?:works|working|work|worked|loads|loading|running|runs|responding|opens|functions|fine|good|ok|okay|up|green|healthy|normal|stable|reachable|available|accessible|alive)(?: (?:just|perfectly|well|fine|ok))? (?:again|now|once more|for (?:me|us) (?:now|again)|at the moment|in the meantime|after (?:a |the )?(?:restart|rollback|reboot|revert|fix))(?! (?:and then|only|for some))",
  "(?<!(?:errors?|problems?|issues?|timeouts?|outage|[45]\\d\\ds?|[45]xx) )(?:is|are|it's|its|we're|came|comes|everything'?s?|ok|all) (?:all )?back(?! and forth| to (?:the )?(?:old|log|50\\d|slow)| \\d| with| as| empty| an? )|back (?:up|online|to normal|to life|in business|again)|(?:up|back|fine|ok|good|stable|healthy|green) (?:again )?since|up again",
  '(?:errors?|problems?|issues?|timeouts?|resets?|[45]\\d\\ds?|[45]xx|alerts?|warnings?|it|outage)(?: \\w{1,12}){0,4} (?:(?:is|are|seems?|has|have|all) )?(?:gone|gone away|over(?! (?:the|all|and|our|again))|went away|disappeared|stopped|ceased|cleared|closed)|no longer (?:an? |any )?(?:issues?|problems?|errors?|fail\\w{0,3}|happen\\w{0,3}|(?:see|seeing|get|getting) (?:any |the |these )?(?:errors?|[45]\\d\\ds?|[45]xx|timeouts?)|occur\\w{0,4}|down)|(?:outage|incident|problem|issue)(?: \\w{1,12}){0,5} (?:is |was )?(?:over|closed)|(?<!(?:are|is|targets|pods|dashboards|checks|logs|were) )all (?:good|green|clear)(?! (?:on (?:their|our|my|its)|for (?:them|others)))',
  '(?:lauft|geht|funktioniert|klappt) (?:\\w{1,10} ){0,2}(?:wieder|jetzt)|wieder (?:da|erreichbar|ok|online|verfugbar)|behoben|gelost|erledigt',
  'uz (?:to |zase )?(?:jede|jde|funguje|bezi|ok|je dobre)|zase (?:jede|jde|funguje|bezi)|opraven[oaey]|vyreseno|(?:znowu|znow|juz) (?:dziala|ok)|dziala(?:,)? (?:dzieki|znowu|juz)|^\\W{0,3}dziala|naprawion[eoay]',
  "(?:marche|fonctionne|repart\\w{0,1}|de retour|refonctionne|remarche)(?: (?:de nouveau|a nouveau|maintenant))?(?=,|!|\\.|$| merci)|(?:marche|fonctionne) (?:de nouveau|a nouveau|maintenant)|c'est (?:bon|resolu|repare|regle)|est de retour|resolue?s?|repare\\w{0,1}",
  'ya (?:funciona|va|esta|anda|carga)|funciona (?:de nuevo|otra vez)|solucionad[oa]|resuelt[oa]|arreglad[oa]|voltou|ja (?:esta|funciona|voltou)|resolvid[oa]|normalizad[oa]|funziona (?:di nuovo|ora|adesso)|ora funziona|(?:e )?tornat[oa]|risolt[oa]|sistemat[oa]|(?:werkt|doet het) (?:weer|nu)|het werkt|opgelost|weer (?:in de lucht|online|ok)',
);

/** A question about what happened, after it is over. */
export const ASKS_WHY =
  /\b(?:any (?:idea|ideas|clue|explanation|reason)|why|what (?:was|happened|caused|is the)|was (?:it|that|this|there)|does (?:anyone|anybody) know|do (?:you|we) know|know why|can (?:someone|somebody|you|anyone) (?:please )?(?:check|look|explain why|tell)|could (?:someone|somebody|you) (?:please )?(?:check|look)|who (?:broke|touched|changed)|did (?:someone|anyone|we|you)|is it (?:the|going)|the ingress)\b[^.!\n]{0,120}\?/i;

/** Clauses that deny trouble: "no errors since", "not down", "0 errors". */
export const DENIED =
  /\b(?:no|not|never|without|zero|0|none|hardly any|isn't|aren't|wasn't|weren't|doesn't seem|don't see|didn't see|haven't seen|do not see|not seeing|keine?n?|zadn[ey]|zadny|aucune?|sin|nessun[oa]?|nenhum[a]?|geen|brak)(?: (?:any|an?|a single|really|more|further|new|such|to be|have|having|see|the|seeing|known|current|open|reported|our))* (?:errors?|issues?|problems?|problem|outages?|down|broken|slow|failures?|failed|downtime|complaints?|alerts?|incidents?|time-?outs?|resets?|drops|5xx|4xx|[45]\d\ds?|fehler|chyby|erreurs?|errores|errori|erros|fouten|bledow|bugs?)\b(?! (?:in|at|from) (?:the )?(?:\w{1,10} )?(?:logs?|metrics|dashboards?|lb|traefik|nginx|pods?))/i;

/** Clauses that praise or only say that something is well. */
export const WELL =
  /\b(?:(?:is|are|was|were|looks?|seems?|works?|working|loads?|runs?|running|feels?|doing)(?: (?:still|just|totally|perfectly|absolutely|completely|pretty|so|much|all|really))* (?:fine|ok|okay|great|good|healthy|nice|well|faster|happy|clean|perfect|amazing|smooth(?:ly)?|green|normal|stable|super|beautiful|easy|fun|faster)|i love|nice|congrats|kudos|great (?:job|work)|well done|thank you|thanks)\b/i;
