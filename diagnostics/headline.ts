import { beganSentence } from './began.ts';
import type { Judgement } from './judgement.ts';
import type { Met } from './scene.ts';
import type { Finding } from './types.ts';
import { plural } from './wording.ts';

/** From here on "it is", below it "most likely" (voice: no percentages in the first line). */
const CERTAIN = 0.97;
/** Reasons that a person reads; the rest waits behind a click. */
const REASONS = 4;
/** Two faults together explain all requests once, and a little by chance. */
const MORE_THAN_ALL = 1.25;

const allOf = (count: number): string => (count === 2 ? 'both' : `all ${count}`);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Proxies and products that the report accuses and that this request never meets. */
function alibi(judgement: Judgement): string {
  const { case: triage, path } = judgement.scene;
  const on = path.hops.flatMap((hop) => [hop.name, hop.kind]).map((word) => word.toLowerCase());
  const accused = triage.symptoms.suspects.filter((suspect) => !on.some((word) => word.includes(suspect)));
  const beside = accused.filter((suspect) =>
    path.others.some((hop) => `${hop.name} ${hop.kind}`.toLowerCase().includes(suspect)),
  );
  if (!path.routed || accused.length === 0) return '';
  return beside.map((suspect) => ` ${capital(suspect)} is not on this path.`).join('');
}

const requests = (met: Met[]): { ok: number; total: number } => ({
  ok: met.reduce((s, m) => s + m.ok, 0),
  total: met.reduce((s, m) => s + m.total, 0),
});

function nothingWrong(judgement: Judgement): string {
  const { scene } = judgement;
  const all = requests([...new Set([...scene.front, ...scene.balancers, ...scene.replicas])]);
  const endpoints = scene.endpoints.filter((e) => e.reached).length;
  const depth = endpoints
    ? `, and ${endpoints === 1 ? 'its endpoint answers' : `${allOf(endpoints)} endpoints answer`} when asked directly`
    : '';
  return `Nothing wrong with ${scene.case.target.host} that I can see: ${all.ok} of ${all.total} requests fine${depth}.`;
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
  return `Can't tell yet: nothing fails at ${host} now, and I could not look where it would show.`;
}

/** The first line: the answer, who, what, and how sure in words. Stands alone as notification and preview. */
export function headlineOf(judgement: Judgement): string {
  const { answer, cause, confidence, chosen, scene } = judgement;
  const sure = confidence >= CERTAIN;
  if (answer === 'inconclusive') return cannotTell(judgement) + alibi(judgement);
  if (cause === 'no-fault-found') return nothingWrong(judgement) + alibi(judgement);
  if (cause === 'client-side' && !chosen)
    return `Most likely not the ingress: ${scene.case.target.host} answers every request from here, so your own machine or network is the next suspect.${alibi(judgement)}`;
  const sentence = `${chosen?.sentence ?? ''}.`;
  if (answer === 'ingress')
    return `${sure ? 'It is the ingress' : 'Most likely the ingress'}: ${sentence}${alibi(judgement)}`;
  return `${sure ? 'Not the ingress' : 'Most likely not the ingress'}: ${sentence}${alibi(judgement)}`;
}

/** One sentence for each kind of finding; others of the same kind are counted, not repeated. */
function sentences(findings: Finding[]): string[] {
  return [...Map.groupBy(findings, (f) => f.code).values()].map((same) => {
    const first = same[0] as Finding;
    return same.length === 1
      ? first.says
      : `${first.says} (${same.length === 2 ? 'One' : same.length - 1} more like it.)`;
  });
}

/** The reasons, shortest way to check first: what convicts, then what was found clean. */
export function saysOf(judgement: Judgement, title: string | null): string[] {
  const { answer, chosen, scene, suspicions } = judgement;
  if (answer === 'inconclusive') {
    const seen = scene.findings.filter((f) => f.code === 'REQUEST_FAILED' || f.code === 'REQUEST_ANSWERED');
    return sentences(seen).slice(0, REASONS);
  }
  // Nothing is wrong: what was looked at stands under `cleared`.
  if (!chosen) return [];
  const reasons = sentences(chosen.because).slice(0, REASONS);
  // A second fault that explains something of its own stays visible; one that would explain the very same is a rival, and no second fault.
  const second = suspicions.find(
    (s) =>
      s !== chosen &&
      s.cause !== null &&
      s.cause !== chosen.cause &&
      s.explains > 0 &&
      (s.explains < chosen.explains || chosen.explains + s.explains < MORE_THAN_ALL) &&
      s.strength >= 0.9 &&
      !s.because.some((f) => chosen.because.includes(f)),
  );
  const began = beganSentence(scene);
  if (began) reasons.push(began);
  if (second) reasons.push(`Besides: ${second.sentence}.`);
  return reasons.length || !title ? reasons : [`${capital(title)}.`];
}

/** What was looked at and found clean: counts with totals, the accused first. Never said of what was not looked at. */
export function clearedOf(judgement: Judgement): string[] {
  const { scene, hop, answer } = judgement;
  if (answer === 'inconclusive') return [];
  const said: string[] = [];
  const reached = scene.endpoints.filter((e) => e.reached);
  if (hop !== 'app' && hop !== 'none' && reached.length && reached.every((e) => e.failing === 0 && e.slowMs === null)) {
    said.push(
      `the application: ${reached.length === 1 ? 'its endpoint answers' : `${allOf(reached.length)} endpoints answer`} when asked directly`,
    );
  }
  const replicas = requests(scene.replicas);
  if (hop !== 'proxy' && hop !== 'none' && replicas.total > 0 && replicas.ok === replicas.total)
    said.push(`the proxies: ${replicas.ok} of ${replicas.total} requests straight to them are answered`);
  const accused = (code: string): boolean => judgement.chosen?.because.some((f) => f.code === code) ?? false;
  const tls = scene.all('TLS_ACCEPTED');
  if (tls.length && !scene.findings.some((f) => f.check === 'tls' && f.direction === 'implicates'))
    said.push(`TLS: ${plural(tls.length, 'listener')} with a valid certificate`);
  if (scene.has('PROXY_HEADERS_AGREE') && !scene.has('PROXY_HEADER_UNEXPECTED') && !scene.has('PROXY_HEADER_MISSING'))
    said.push('PROXY protocol: both sides agree');
  const even = scene.all('ENDPOINTS_SHARE_EVENLY');
  if (even.length && !accused('ENDPOINT_SHARE_SKEWED'))
    said.push(`balance: ${even.reduce((sum, f) => sum + Number(f.facts.requests), 0)} requests, evenly shared`);
  const quiet = scene.all('NO_RECENT_RELOAD');
  if (quiet.length && !scene.has('RELOADED_RECENTLY') && !scene.has('RELOAD_STORM') && !scene.has('RELOAD_REFUSED'))
    said.push('no reload in the time in question');
  const logs = scene.all('NO_ERRORS_LOGGED');
  if (
    logs.length &&
    !scene.has('REQUESTS_LIMITED') &&
    !scene.has('REQUESTS_TOO_LARGE') &&
    !scene.has('ERRORS_MADE_UPSTREAM') &&
    !scene.has('ERRORS_MADE_BY_PROXY')
  )
    said.push(
      `the logs: no 5xx among ${plural(
        logs.reduce((sum, f) => sum + Number(f.facts.total), 0),
        'request',
      )}`,
    );
  return said;
}
