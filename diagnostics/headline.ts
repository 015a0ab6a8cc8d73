import { alibi } from './alibi.ts';
import { beganSentence } from './began.ts';
import { endpointsAnswer, requests } from './cleared.ts';
import type { Judgement } from './judgement.ts';
import type { Suspicion } from './suspicions/suspicion.ts';
import type { Finding } from './types.ts';
import { capital } from './wording.ts';

/** From here on "it is", below it "most likely" (voice: no percentages in the first line). */
const CERTAIN = 0.97;
/** Reasons that a person reads; the rest waits behind a click. */
const REASONS = 4;
/** Two faults together explain all requests once, and a little by chance. */
const MORE_THAN_ALL = 1.25;

/** Places that fail when asked directly though users' requests are answered: a replica taken out, a lost node. */
const failingApart = ({ scene }: Judgement): string[] =>
  [...scene.balancers, ...scene.replicas]
    .filter((met) => met.ok < met.total && !scene.front.includes(met))
    .map((met) => met.part ?? met.address);

function nothingWrong(judgement: Judgement): string {
  const { scene } = judgement;
  const apart = [...new Set(failingApart(judgement))];
  const everywhere = [...new Set([...scene.front, ...scene.balancers, ...scene.replicas])];
  const all = requests(apart.length && scene.front.length ? scene.front : everywhere);
  const endpoints = scene.endpoints.filter((e) => e.reached).length;
  const depth = endpoints ? `, and ${endpointsAnswer(endpoints)} when asked directly` : '';
  const though = apart.length
    ? ` Asked directly, ${apart.slice(0, 2).join(' and ')} ${apart.length === 1 ? 'fails' : 'fail'}, which users do not meet now.`
    : '';
  return `Nothing wrong with ${scene.case.target.host} that I can see: ${all.ok} of ${all.total} requests fine${depth}.${though}`;
}

function cannotTell(judgement: Judgement): string {
  const { scene, chosen } = judgement;
  const host = scene.case.target.host;
  if (chosen && scene.failing) return `Can't tell yet: ${chosen.sentence}, but that is not enough to be sure.`;
  if (scene.failing === null) return `Can't tell yet: I could not make a single request to ${host}.`;
  if (scene.failing > 0) {
    const worst = (scene.front.length ? scene.front : scene.replicas).flatMap((m) => m.failures)[0];
    const met = requests(scene.front.length ? scene.front : scene.replicas);
    return `Can't tell yet: ${met.total - met.ok} of ${met.total} requests to ${host} fail (${worst?.how ?? 'no answer'}), and nothing that I could look at says why.`;
  }
  if (chosen) return `Can't tell yet: nothing fails now, though ${chosen.sentence}.`;
  return `Can't tell yet: nothing fails at ${host} now, but ${judgement.open?.why ?? 'what was seen is too little to be sure'}.`;
}

/** The first line: the answer, who, what, and how sure in words. Stands alone as notification and preview. */
export function headlineOf(judgement: Judgement): string {
  const { answer, cause, confidence, chosen, scene } = judgement;
  const sure = confidence >= CERTAIN;
  const said = (text: string): string => text + alibi(judgement, text, sure);
  if (answer === 'inconclusive') return said(cannotTell(judgement));
  if (cause === 'no-fault-found') return said(nothingWrong(judgement));
  if (cause === 'client-side' && !chosen)
    return said(
      `Most likely not the ingress: ${scene.case.target.host} answers every request from here, so your own machine or network is the next suspect.`,
    );
  const sentence = `${chosen?.sentence ?? ''}.`;
  if (answer === 'ingress') return said(`${sure ? 'It is the ingress' : 'Most likely the ingress'}: ${sentence}`);
  return said(`${sure ? 'Not the ingress' : 'Most likely not the ingress'}: ${sentence}`);
}

/** Said already by another finding of the same place: a listener that does not parse the header answers in clear text. */
const SAID_BY: { [code: string]: string } = { PLAINTEXT_ON_TLS_PORT: 'PROXY_HEADER_UNEXPECTED' };

/** One sentence for each kind of finding; others of the same kind are counted, not repeated. */
function sentences(findings: Finding[]): string[] {
  const codes = new Set(findings.map((f) => f.code));
  const telling = findings.filter(({ code }) => !codes.has(SAID_BY[code] ?? ''));
  return [...Map.groupBy(telling, (f) => f.code).values()].map((same) => {
    const first = same[0] as Finding;
    return same.length === 1
      ? first.says
      : `${first.says} (${same.length === 2 ? 'One' : same.length - 1} more like it.)`;
  });
}

/** Both are about one replica, and the first line names it: that it fails while others answer is no second fault. */
function isSameReplica(one: Suspicion, chosen: Suspicion): boolean {
  const parts = new Set(chosen.because.map((f) => f.about.part));
  const [only] = parts;
  return (
    parts.size === 1 &&
    typeof only === 'string' &&
    chosen.sentence.startsWith(only) &&
    one.because.every((f) => f.direction === 'clears' || f.about.part === only || f.code === 'REQUEST_ANSWERED')
  );
}

const SEEN = new Set(['REQUEST_FAILED', 'REQUEST_ANSWERED']);

/** The findings that a person reads as reasons; where nothing could be told, what was seen, the most telling first. */
export function telling({ answer, chosen, scene, open }: Judgement): Finding[] {
  if (answer !== 'inconclusive') return chosen?.because ?? [];
  const seen = scene.findings.filter((f) => SEEN.has(f.code));
  return [...new Set([...(open?.finding ? [open.finding] : []), ...(chosen?.because ?? []), ...seen])];
}

/** The reasons, shortest way to check first: what convicts, then what was found clean. */
export function saysOf(judgement: Judgement, title: string | null): string[] {
  const { answer, chosen, scene, suspicions } = judgement;
  if (answer === 'inconclusive') return sentences(telling(judgement)).slice(0, REASONS);
  // Nothing is wrong: what was looked at stands under `cleared`.
  if (!chosen) return [];
  const reasons = sentences(telling(judgement)).slice(0, REASONS);
  // A second fault that explains something of its own stays visible; one that would explain the very same is a rival, and no second fault.
  const second = suspicions.find(
    (s) =>
      s !== chosen &&
      s.cause !== null &&
      s.cause !== chosen.cause &&
      s.explains > 0 &&
      (s.explains < chosen.explains || chosen.explains + s.explains < MORE_THAN_ALL) &&
      s.strength >= 0.9 &&
      !s.because.some((f) => chosen.because.includes(f)) &&
      !isSameReplica(s, chosen),
  );
  const began = beganSentence(scene);
  if (began) reasons.push(began);
  if (second) reasons.push(`Besides: ${second.sentence}.`);
  return reasons.length || !title ? reasons : [`${capital(title)}.`];
}
