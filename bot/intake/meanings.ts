/**
 * Words of one meaning in the languages that reports come in, as folded words (words.ts) or their beginnings (`*`).
 * A meaning decides nothing by itself: what it weighs, alone and beside another, is learnt (learn.ts).
 */

export const MEANINGS: { [meaning: string]: string } = {
  not: `not no n't ei ne cannot cant dont doesnt didnt isnt wont couldnt never neither nor without zero none nobody nothing noone unable impossible failed-to
    nicht kein* nichts niemand nie ohne pas aucun* personne sans nada ningun* nadie sin nao nem nenhum* ninguem sem non nessun* niente senza niet geen niks niemand
    nie nikt nic brak bez  nikdo zadn* не нет никто ничего ни нельзя без нiхто нема немає degil yok hicbir kimse inte ingen inget ikke ingen  eivat nem nincs nu nimeni δεν לא لا ما gak tidak khong`,
  works: `work* function* load* open* respond* responding response answer* reach* reachable connect* login   access* accessible resolv*  display* render* respond available availab* alive online up healthy usable
    geht gehen lauft laufen funktionier* ladt laden offne* offnen erreich* antwort* reagier* verbind* tut klapp* aufruf* einlogg* anmeld* kommt verfugbar
    marche* fonction* ouvr* repond* charge* acced*  joindre connecter affich* funcion* carga* abre abrir responde* entrar acceder conect* anda carreg* consegu* acess* funziona* apre aprire apr* rispond* carica* accedere entrare
    dziala* start* signin werkt werken doet laadt openen bereik* reageert inloggen  odpowiad* otwier* otworzyc laduj* wejsc zalogowac jde jdou jede funguj* nacit* prihlas* otevr*
    работа* откры* отвеч* груз* загру* доступ* зайти войти подключ* пашет відкр* працю* calis* acil* acam* yanit eris* gir* baglan* funkar fungera* svara* oppna* virker svarer fungerer abner toimi* mukod* elerheto merge incarc* functioneaza λειτουργ* עובד يعمل bisa dibuka diakses`,
  bad: `stutter* buffer* laggy reject* refus* declin* rejects deny denied loop* loops unanswered ran-out flooded schmeisst bricht abbricht verliert haengt flach unbenutzbar kaputtes lasst reclam* complain* corta coupe cuelga blocca vast zrywa зависа* рвет kesiyor dando flap flaps awful terrible horrible overloaded unhealthy red blocked truncated misbehav* melting degraded hiccup* spike* jumped climbing doubled tripled exploded dip 💀 🔥 reset* resets down dead ded broken broke breaks bust* fail* error* outage* unavailable unreachable offline gone toast kaput* dies died dying rip borked unusable unstable degraded flaky flapping crash* hang* hung stuck freez* frozen
    slow* sluggish crawl* lagg* timeout* timed timing spinn* blank  refus* reject* drop* dropping dropped disconnect* lost lose* losing kick* thrown throttl* invalid expired wrong weird problem* issue* trouble* incident* unhappy complain* stopped garbage corrupt* dark sucks wtf ouch bad broken unexpected missing cut closes closed
    kaputt weg tot lahm* langsam zah hang* haengt fehler* storung* ausfall* ausgefallen problem* abgesturzt spinnt hakt klemmt leere abgelaufen abbruch* abgebrochen
    panne rade tombe* plant* rame lent* erreur* inaccessible* indisponible* injoignable* souci* probleme* coupe* expire* bloque* 
    caid* cay* falla* fallo* fallan lent* error* problema* colgad* inaccesible* vencid* caduc* bloquead* roto rota caiu cair* caindo fora parou lent* travad* travando erro* indisponivel instavel quebrad* queda
    giu lent* errore errori problem* bloccat* scadut* irraggiungibil* caduto plat traag kapot storing fout*  eruit verlopen onbereikbaar
    lezy padl* wolno muli blad* bled* awari* wygas* niedostepn* zawiesz* wiesza wyrzuca wywala sypie spadl* pada lezi chyb* pomal* nedostupn* rozbit* vypad* nejde nejdou nefunguj* nejede neodpovid* nenacit* nemuz* nelze hlasi
    лежит лежат упал* упав* падает тормоз* ошибк* недоступ* медленн* висит завис* отвал* сломал* таймаут* истек* истёк проблем*  глюч* сбо* лежить помилк* повільн*
    coktu cokme* yavas* hata* sorun* kopuyor gitti dustu donuyor patladi ligger nere nede langsam* trog seg treg sego feil  fejl* langsom* kraschar hidas alhaalla virhe lassu* hiba* leallt lent* eroare cazut אופס بطيء`,
  again: `again still keeps wieder noch immer schon encore toujours otra vez nuevo sigue de-novo novo ainda ancora sempre weer nog steeds znowu znow nadal ciagle zase porad stale снова опять все-еще еще yine hala tekrar igen fortfarande stadig taas mindig`,
  fixed: `fix fixed fixes resolved solved recover* restored behoben gelost erledigt repare* resolu* corrige* regle arreglad* solucion* resuelt* resolvid* corrigid* resolveu normaliz* voltou risolt* sistemat* tornat* opgelost hersteld naprawi* naprawion* rozwiaz* opraven* vyresen* почин* исправ* решен* решил* заработал* восстанов* duzel* cozul* halloldu lost åtgardat løst fikset korjat* megjav* rezolvat closed cleared over`,
  good: `fine ok okay good great healthy green stable normal happy faster nice perfect smooth* well gut super bon bien bem bene goed dobr* dobre norm* в-порядке нормально iyi tamam bra fint`,
  thanks: `thanks thank thx ty cheers kudos congrats danke merci gracias obrigad* valeu grazie bedankt dank dzieki dziekuj* diky dekuj* спасибо дякую tesekkur* sagol tack takk kiitos kosz* multumesc ευχαριστω תודה شكرا kasih`,
  greets: `hello hi hey morning hallo moin bonjour salut hola buenos oi ola bom buongiorno ciao hoi goedemorgen czesc ahoj привет доброе gunaydin merhaba hej welcome birthday weekend wochenende`,
  plan: `will tonight tomorrow planned maintenance scheduled upcoming upgrade* next later soon going postponed announce* wartung* geplant* morgen heute-abend demain soir prevue? programm* planifie* manana mantenimiento noche amanha manutencao domani stasera manutenzione vanavond onderhoud jutro konserwac* planowan* zitra odstavk* завтра вечером планов* обнов* yarin aksam bakim guncelle* ikvall imorgon underhall vedlikehold`,
  change: `deploy* rollout* roll rolled rolling release* migrat* restart* reboot* switch* moved moving change* changed update* updated config* added removed merged enabled disabled scaled umgezogen update despliegue mise wdroz* nasaz* релиз* деплой*`,
  how: `how wie comment   hoe jak как nasil hur hvordan miten hogyan `,
  who: `who whom whose wer qui quien quem chi kto kdo кто kim kimde vem hvem kuka owns owner responsible contact`,
  where: `where wo  donde onde dove waar gdzie kde где nerede  hvor  `,
  what: `what which  welche* quoi quel*   cosa wat welke  jaki* что  `,
  when: `when wann quand cuando quando wanneer kiedy kdy когда`,
  why: `why warum wieso weshalb pourquoi porque perche waarom dlaczego proc почему neden varfor hvorfor`,
  is: `am is are was were does do did has have ist sind hat haben  sont  esta estan sao  sono zijn czy jest je jsou`,
  anyone: `anyone anybody someone somebody everyone everybody else others jemand quelqu'un alguien alguem qualcuno iemand ktos komus nekdo кто-нибудь кого-нибудь biri*`,
  people: `customer* user* client* player* student* partner* colleague* supplier* member* agent* staff people team office* kunden kunde nutzer benutzer utilisateur* client* clientes usuario* utenti clienti klanten gebruikers klienc* klient* zakazni* клиент* пользовател* musteri* kullanici* kunder asiakka*`,
  self: `i me my we us our mine ich mir mich wir uns unser*  moi nous  chez yo  nos nosotros  mim io noi ik mij wij ons ja mnie nam   мне меня нас ben bize biz bende jag  jeg`,
  site: `site website* page* web app login prod production everything all service* request* call* connection* traffic upload* network dns certificate* cert certs tls ssl https seite* webseite* alles uberall tout todo tudo tutto alles wszystko vse все всё сайт* hersey`,
  stranger: `github slack zoom teams outlook excel word powerpoint npmjs aws azure gcp gmail chatgpt openai whatsapp linkedin youtube spotify netflix figma notion miro webex vodafone`,
  desk: `laptop headset headphones monitor mouse keyboard printer coffee phone battery charger wifi vpn projector elevator door fridge kitchen train bus flight car bike drucker kaffeemaschine aufzug rechner imprimante impresora impressora stampante drukarka tiskarna принтер* yazici lunch pizza`,
  if: `if unless would could should might may suppose imagine hope wish pretend let's wenn falls sollte si quando als jesli gdyby kdyby если eger`,
  code: `pr prs mr branch test tests unit review commit* build* pipeline ci lint* refactor* function method handler class exception throw throws catch line todo nit lgtm guard wrapper mock* localhost locally minikube staging dev ticket jira backlog story sprint`,
  doc: `article blog post talk video docs doc documentation runbook readme guide rfc spec faq slides book training course learned explained wiki-page postmortem post-mortem retro report summary handover review agenda meeting survey demo interview hiring candidate`,
  past: `yesterday ago gestern letzte* hier ayer ieri ontem gisteren wczoraj vcera вчера dun last week monday tuesday wednesday thursday friday saturday sunday month year `,
  test: `drill exercise game chaos simulat* load-test experiment ubung*`,
  says: `see sees seeing saw get gets getting got give gives gave return* throw* show* say says shows report* receive* answer* respond* respond wirft liefert zeigt meldet bekomme* kriege* renvoie* affiche devuelve* muestra da retorna* mostra restituisce geeft zwraca pokazuje vraci ukazuje отдаёт отдает выдает veriyor aliyor* gir`,
  now: `now currently suddenly sudden today right moment minute* since just jetzt gerade seit heute maintenant depuis aujourd'hui ahora desde hoy agora hoje adesso oggi nu sinds vandaag teraz od dzis ted dnes сейчас сегодня simdi bugun`,
  ask: `please pls plz could check look help urgent bitte schauen svp favor ajuda aiuto help prosze prosim пожалуйста lutfen`,
  want: `add create grant give increase raise need want whitelist access account approve invite zugriff konto acceso acesso accesso toegang dostep pristup доступ`,
};

/** Chinese, Japanese and Korean have no spaces between words: what is looked for anywhere in them. */
export const SIGN_MEANINGS: { [meaning: string]: string } = {
  not: 'ません ない ず 不 没 无法 안 못',
  works: '動 つなが 繋が 開け 開き 接続 アクセス ログイン 表示 使え 打开 打不开 访问 连接 登录 加载 열 접속 되',
  bad: '固ま 真っ白 白屏 卡死 进不去 入れない 落ち 遅 重い エラー 障害 切れ タイムアウト 失敗 ダウン 壊れ おかしい 止ま 挂 慢 超时 报错 错误 过期 坏 崩 卡 不了 不开 异常 断 宕 느 에러 다운 장애 오류 안돼 안 돼 안 됩 안 열',
  again: 'また まだ 再び 又 还是 一直 또 다시 아직',
  fixed: '直り 直っ 復旧 解決 修正 完了 修复 恢复 好了 解决 完成 해결 복구',
  good: '問題ありません 大丈夫 正常 没问题 괜찮',
  thanks: 'ありがとう お疲れ 谢 感谢 감사 고맙',
  greets: 'おはよう こんにちは 早上好 你好 안녕',
  plan: '明日 今夜 予定 メンテ 行います 明天 今晚 维护 升级 凌晨 周 来週 점검 예정 내일 오늘 밤',
  how: 'どう 方法 怎么 如何 어떻게',
  who: '誰 担当 谁 负责 누가',
  where: 'どこ 哪里 哪儿 어디',
  what: '何 違い 什么 区别 뭐 무엇',
  anyone: 'いますか 皆さん 他の 大家 有人 谁也 다른',
  people: 'お客様 ユーザー 客户 用户 고객',
  site: 'サイト 全体 全部 网站 証明書 证书 사이트 전체',
  want: '権限 权限 申请 권한',
  desk: 'プリンター 打印机 コーヒー',
  now: '今 急に さっき 现在 突然 지금',
};
