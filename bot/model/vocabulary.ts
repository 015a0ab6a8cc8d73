/**
 * The words that prose about a case may be made of: those of the project's own texts and common English ones, without the
 * words by which people are told to do something or to hand something over. A word that stands neither here nor among the
 * names and numbers of the case is not said: a model cannot pass on what it was told elsewhere.
 */
const VOCABULARY: ReadonlySet<string> = new Set(
  `
a able abort aborted about absent absolute accept accepted accepts access accordingly account accusation accuse
accused accuses ack across action actions active acts actual actually adapters add added adding additionally address
addresses adds admit admits advice affect affected affecting affects after afternoon afterwards again against ago
agree agrees ahead akamai alarm alarms alb alert algorithms alike alive all allow allowed allows almost alone along
alpn already also although always am among amount an and anew annotation announce announced announces another answer
answered answering answers any anybody anymore anyone anything anywhere apache apart api app apparently appear
appeared appearing appears application applications apply approximately apps april are aren arguments arithmetic arn
around arp arranged arrive arrived arrives arriving as ascending ascii ask asked asking asks assigned assume at
attached attempt attempts attribute attributes august auth authentication authorities authority auto automatically
available average await aware away aws azure back backend backends backlog backup bad badly balance balancer
balancers balancing bar bare bars base basis be bear became because become becomes been before beforehand began
begin beginning begins begun behaves behind being believes belong below bench beside besides best better between
beyond bgp big binaries bisects bit blame blamed blames blind blocked blocking blocks bodies body boringssl both
bound boundary bounded bounds brackets break breaker breakers breaks bridges briefly bring brings broadcast broader
broke broken browser browsers buckets budget budgetms buffers bug build builder built bundle burst burstier
burstiness bursts bursty busier busiest busy but by bypass bypassed bypassing byte bytes cache cached caches call
called caller callers calling calls came can canaries canary cancel cancelled cannot capable capacity capped caps
carries carry case cases cat caught cause caused causes causing cdn cdns cell cells certainly certificate
certificates cgroup chain chance change changed changes changing channel channels characters charges chart check
checked checkers checking checks chi choke choose chooses choosy chosen chrome chromium cilium cipher ciphers
circuit claim claimed claims class classes classic clb clean clear cleared clearly clears client clienthello clients
clock clocks close closed closely closes closing cloud cloudflare cloudfront clouds cloudwatch cluster clusterrole
clusters codecs cold colleague collected combination combine come comes coming comments common comparable compare
compared comparing comparison compatible complain complained complains complaint complaints complete completed
completely component components computed computer concern concerning concerns conditions config configmap configmaps
configuration configurations configured confirm confirmed confirms conn connect connected connecting connection
connections connects conntrack consecutive consist consistent consistently const constants consume contact contacts
contain contained container containers contains content context continue continued continues continuing contour
contrast contributes contributing control controller controllers conversation convict convicted convicts core cores
correct correctly correlation correspond corresponding correspondingly corresponds cost costs could couldn count
counted counter counters counting counts couple cover covered covers cpu crash crashed crashes crawler crd create
created creates creating cross crosses culprit cumulative curl current currently curve customer customers cut cuts
cycle d daemonset daily dashboard data database date dates day days dead deadline dealt debian december decide
decided decides decisions decisive declare declared declares decline decrease default defaults defined definitely
degrade degraded degree degrees delay delayed delays deleted deletion deliver delivered delivering delivers demand
demanded demands demo demonstrate demonstrates denies deny depend dependencies depending depends deploy deployed
deployment deployments deploys deregister deregistered deregistration describe describes design despite destination
detail detailed details detect detected detection determine determined determines deterministic developers
development did didn died differ difference differences different differently differs direct directed direction
directive directly disagree disagrees disappear discard discover discovered disjoint disk disks display displayed
disrupted distance distinct distribute distributed distributes distribution divided dns do document documentation
documented does doesn doing don done double doubled doubt down downstream dozen dozens drafts drain drained draining
drains drop dropped dropping drops due duplicate duration durations during dynamic each earlier earliest early
easily econnrefused edge edges effect effective effectively effects eight eighteen eighty either elb elevated eleven
elimination else elsewhere emit empty enable enabled encounter encountered encounters encrypt encrypted encryption
end ended ending endings endless endpoint endpoints endpointslice endpointslices ends enforced enforces engine
engineer engineers enough ensure enter entire entirely entries entry environment envoy epoch equal error errors
escape especially essentially establish established establishes evaluated evaluates evaluations even evening evenly
event events eventually ever every everybody everyone everything everywhere evicted evidence evident exact exactly
examine examined example examples exceed exceeded exceeding exceeds exceptions excessive exchange exchanges exclude
excluded excludes exhausted exhibit exhibits exist existing exists exit exited exits expect expected expecting
expects expired expires expiry explain explained explaining explains explanation export expose exposure extend
extended extension external extra extreme facing fact facts fail failed failing fails failure failures fair fake
fall fallen false family far fare fares fast faster fastly fault faults faulty feature february feed feeds feel fell
fetch fetches few fewer field fields fifteen fifth fifths fifty file files fill fills filter filters fin find
finding findings finds fine finish finished finishes firewall firmly first fit fits five fixed fixture flag flags
flat flatter flight flooded flow flows focus folder follow followed following follows for forbidden forced forgets
forgotten form format forty forward forwarded forwarding forwards found four fourteen free frequent frequently
friday from front frontend full fully function functioning functions further gained gap gaps garbage gate gates
gateway gauges gave gce gcp general generally generate generated generates generating generic genuine get getent
gets getting give given gives giving goes gone good got grace graceful gracefully grafana grant grants grew ground
group groups grow grows grpc guard guide guides guilty habit had hadn half halt handle handled handlers handles
handling handshake handshakes hang hangs happen happened happening happens haproxy hard hardly hardware harmless has
hashes hashing hasn have haven having he head header headers heading health healthy hear heard hears held hello helm
help helped helps hence her here hidden hide hides hiding high higher highest hint his history hit hits hitting hold
holder holds holes home hook hop hops host hostile hostname hostnames hosts hot hour hours house how however hpa
html http https hundred hundreds i iana identical identified identifies identify identities idle if immediate
immediately impact impacted impacts import important imports impossible in inability inbound incident incidents
include included includes including incomplete inconclusive incorrect incorrectly increased increases independent
indexes indicate indicated indicates indicating indication indicator indirect individual inexact information
informers ingress ingressclass ingresses initial injects inner innermost innocent input inputs inservice inside
inspect inspected install installed installing installs instance instances instantly instead integrity intended
interface interfaces intermediate intermittent intermittently internal internet interrupt interrupted interruption
interval into invalid inventory investigate investigated involve involved involves involving inwards ip is isn iso
isolate isolated isolates issue issued issuer issuers issues istio it items its itself january java join joined
joiner joiners joins json judge judged judgement judges judging july jump june just keep keepalive keepalived
keeping keeps kept kernel key keys killed kind kinds know knowledge known knows kong kube kubectl kubelet kubernetes
label labels labs lack lacking lacks lag lags language laptop large largely larger largest last lasted lasting lasts
late latency later latest launch layer lead leading leads learn learnt lease least leave leaver leaves leaving led
left length less let lets letter letting level libraries library lie lies life lifecycle like likelihood likely
limit limited limiting limits line lines link linux list listed listen listener listeners listening listens lists
little live liveness lives living ll load loadbalancer loaded loading loads local located location lock log logged
logging logs long longer longest look looked looking looks loop loops loses loss lost low lower machine made main
mainly maintain maintenance majority make maker makes making malformed manage managed manager manner manual manuals
many map mapped mapping maps march mark marked marks master match matches matching matter matters max maxconn
maximum may mean meaning means meant meanwhile measure measured measures mechanism median medians medium meet meets
megabyte member members memory mend mended mends mention mentioned mere merely merge merged message messages met
metadata metallb method metric metrics mid middle middleware might migration million milliseconds min minimal
minimum minus minute minutes mirror mismatch mismatched missed missing misspelt mistake mistakes mixed mode modify
module moment moments monday monitoring month more morning most mostly mount move moved moving ms mtu much multicast
multiple musl must name named namely names namespace namespaces naming narrow narrower nat naturally near nearby
nearest nearly need needed needs negative negotiate negotiated negotiates negotiation neighbour neighbouring
neighbours neither net network networking networks never nevertheless new newer newest newly news next nginx night
nine nineteen ninety nlb no nobody node nodeport nodes noise none nor normal not notably note noted notes nothing
noticed notices notification noting nov november now nowhere null number numbers numerical numerous object objects
observation observations observe observed observes obtain occasionally occur occurred occurring occurs october odd
of off offer offered offers office offline offset often ok okay old older oldest on once one ones online only onset
onto oom open opened opening opens openssl openstack operate operating operation operational operator option
optional options orchestrator order ordered orders organisation origin originate other others otherwise out outage
outcome outer outermost outgoing outlier outliers outside over overall overlap overload overloaded own owner owners
owns pace package packages packet packets page pages pair parallel parameters parse parsed parses part partial
partially particular particularly parts pass passed passes passing past patch path paths patience pattern pause
payload payloads pdb peak peaks peer peers people per percent percentage percentages perform performance performed
performs period periods permanent persist persists person phase phone pick picked picks picture piece pile pinned
place placed places plain plainly plan plane planned plans platform plays plugin plural plus pm pod pods point
pointing points policies policy pool pools populate port ports position positive possible possibly potential
potentially pre precedence predicted prefer prefers prematurely presence present presented presents pressure prestop
presumably prevent prevented prevents previous pricing primarily primary prior priority private probability probably
probe probed prober probes problem process processes processor produce produced produces producing production
products profile profiles programs progress project projections prometheus promised properly proportion proportions
protect protocol protocols prove proves provide provided provider providers provides providing proxies proxy public
publicly pulls pure purely purpose put puts python quarter query question queue queued queueing queues quic quick
quicker quickly quiet quite race raise range ranges rapidly rare rate rates rather ratios raw ray re reach
reachability reachable reached reaches reaching reaction read readable reader readily readiness readinessgate
reading readings reads ready real reality really reason reasonable reasons receive receiver receives receiving
recent recently recipes recognised record recorded recorder recorders recording records recover recovered recovering
recovery redacted redirect redirected redirects redis reduce reduced refer reference reflect reflects refusal
refusals refuse refused refuses refusing regardless region regions register registered registers registry regular
regularly reject rejected rejecting rejection rejects related relates relation relative relays release relevant
reliable reliably reload reloaded reloads remain remained remaining remains remove removed renamed renew renewal
repeat repeated repeats replace replaced replacement replay replayed replica replicas replicaset replied replies
reply report reported reporter reporting reports represent represents request requested requesting requests require
required requires requiring reserve reserved reserves reset resets resident resolution resolve resolved resolver
resolves resolving resource resources respond responded responding responds response responses responsible rest
restart restarted restarting restarts restored restrict restricts result resulted resulting results retain
retransmitted retried retries retry return returned returning returns reuse reuseport reusing reveals revert
reverted rewrite rewrites rfc right rights rise risk risks roll rolled rolling rollout rollouts room root rose
rotation roughly round rounded rounds route routed router routes routing row rows rsa rst rule rules run running
runs runtime s safe safest said same sample sampled samples satisfied satisfy saturday saved saw saying says scale
scaled scaling scanners scene scheduled scheduling schemas scheme scope scores scripts search second seconds section
sections secure security see seeds seeing seemed seemingly seems seen sees segments seldom select selector selects
send sender sending sends sent sentence sentences separate separated separately september sequence series serve
served server serverhello serverhellodone servers serves service services serving session sessions set sets setting
settings settled setup seven seventeen seventy several severe shall shape share shared shares sharing she shop short
shortened shorter shortest shortly should show showed showing shown shows shutting siblings side sidecar sides sight
sign signal signalling signals signed significant significantly silence silent similar similarly simple simply
simulated simulation simultaneously since single singled singly site situation six sixteen sixty size sizes skew
skewed skip slack sleep slightly slot slow slower slowly slowness small smaller sni so socket sockets software
solely somaxconn some somebody something sometimes somewhat somewhere soon sooner sorted source sources space span
speaker speakers spec specific specifically specify spelling spellings spent spike spiked spikes split splits spoken
spoofs spread ssl stable stack stage stages stale stand standard stands start started starting starts startup
starved state stated statefulset statement states static statistic statistics status statuses stay stayed stays
steady step stepped steps sticky still stood stop stopped stops stopsignal storage store stored storm storms story
straight straightforward strange strangers stray stream strength stretch stretches strict strictly string strings
strong structure stuck sub subject subsequent subsequently subset subtype succeed succeeded succeeding succeeds
success successes successful successfully successor such sudden suddenly suffer suffered suffering sufficient suffix
suggest suggested suggesting suggests suite suites sum summarise summary sums sunday supply support supported
supposed surrounding suspect suspected suspects suspicion suspicions switch switched symptom symptoms syn system t
table tables tail tails take taken takes taking target targets task tcp team technologies telemetry temporarily
temporary ten tens term terminal terminate terminated terminates terminating termination terms test tested tests
text than that the their theirs them themselves then there therefore these they thing things thinking third thirteen
thirty this those though thousand thread three threshold throttle throttled through throughout throughput thrown
throws thursday thus tie tied tightest time timed timeline timeout timeouts timer times timing title titled tls tlv
tlvs to today together tomorrow too took top topology total totals touches toward towards trace traces tracing
tracked tracks traefik traffic transfer transient transition translated translation transmit transport travels treat
treated treats triage tried tries triggered triggers trouble true trust trusted trusts truth tuesday tuned turn
turned turns twelve twenty twice two type typical typically udp unable unaffected unavailable unaware unchanged
under underlying understood undoes undone unencrypted unequal uneven unevenly unexpected unhealthy unit units unix
unknown unless unlike unlikely unlucky unreadable unrelated unseen unsorted unspecified unstable unsuccessful until
untouched untrusted unused unusual up update upgrade upon upper upstream upstreams url usable usage use used user
users uses using usual usually utc valid validated validation value values vantage vantages variables variance
variant various vary ve verb verdict verdicts verified verifies verify version versions very via vip virtual visible
visitor visitors visits volume vpc vpn wait waited waiting waits want wanted wants warn warning warnings warns was
wasn watch watched watches wave waves way ways web webhook website websites websocket websockets wednesday weekly
weighs weight weights well went were weren what whatever when where whereas wherever whether which whichever while
who whoever whole whom whose why wide widely widest width wildcard will win window windows with within without won
work worked worker workers working workload works workspace worse worst worth would wouldn writer written wrong
wrongly xml year years yes yesterday yet younger zero zone zones
`
    .trim()
    .split(/\s+/),
);

/** Pure: whether a word, in lower case, is one of them or a plain form of one ("fails", "rejecting", "cleanly"). */
export function isOrdinary(word: string): boolean {
  if (VOCABULARY.has(word)) return true;
  const stems = [
    word.replace(/(?:'s|s|ed|d|ing|ly|er|est)$/, ''),
    word.replace(/(?:es|ied|ies|ing|ed)$/, ''),
    word.replace(/(?:ies|ied|ily)$/, 'y'),
    word.replace(/(?:ing|ed|es)$/, 'e'),
    word.replace(/(.)\1(?:ing|ed)$/, '$1'),
  ];
  return stems.some((stem) => stem.length > 2 && stem !== word && VOCABULARY.has(stem));
}
