import type { Judgement } from './judgement.ts';
import type { Finding, PathHop } from './types.ts';
import { capital } from './wording.ts';

/** Names as their makers spell them; others as they are, with a capital. */
const SPELT: { [name: string]: string } = {
  haproxy: 'HAProxy',
  nginx: 'nginx',
  metallb: 'MetalLB',
  nlb: 'the NLB',
  alb: 'the ALB',
  elb: 'the ELB',
  keepalived: 'keepalived',
};
const spelt = (name: string): string => SPELT[name] ?? capital(name);

const wordsOf = ({ name, kind }: Pick<PathHop, 'name' | 'kind'>): string => `${name} ${kind}`.toLowerCase();
/** A hop's name as a word of its own: `edge` is none of `edge-2`. */
const names = (sentence: string, word: string): boolean =>
  sentence
    .toLowerCase()
    .split(/[^\p{L}\p{N}.-]+/u)
    .includes(word.toLowerCase());

/** One or two of a kind a log has on any day; our own probes leave as many. */
const A_FEW = 3;
const speaksAgainst = ({ direction, facts }: Finding): boolean =>
  direction === 'implicates' && !(typeof facts.count === 'number' && facts.count < A_FEW);

/**
 * Where something of the ingress is guilty, only a proxy that was looked at and found clean is not: balancers, nodes and the software
 * that announces their addresses have too much to do with each other.
 */
const isClean = ({ scene }: Judgement, hop: PathHop): boolean =>
  hop.hop === 'proxy' &&
  scene.findings.some((f) => f.direction === 'clears' && f.hop === 'proxy' && f.about.hop === hop.name);

/**
 * Proxies and products that the report accuses and that are innocent, each cleared once and by name (voice, rule 7): those that this
 * request never meets, and those on its path that nothing speaks against. `said`: the first line so far; whoever it names has a
 * part in the matter. '' where nobody was accused, or nobody is cleared.
 */
export function alibi(judgement: Judgement, said: string, sure: boolean): string {
  const { case: triage, path, findings } = judgement.scene;
  if (!path.routed) return '';
  const elsewhere: string[] = [];
  const innocent: string[] = [];
  for (const suspect of triage.symptoms.suspects) {
    const hops = path.hops.filter((hop) => wordsOf(hop).includes(suspect));
    if (hops.length === 0) {
      if (path.others.some((hop) => wordsOf(hop).includes(suspect))) elsewhere.push(spelt(suspect));
      continue;
    }
    const hasPart = hops.some(
      (hop) =>
        hop.hop === judgement.hop ||
        hop.hop === 'service' ||
        hop.hop === 'app' ||
        [hop.name, ...hop.instances.map(({ name }) => name)].some((name) => names(said, name)) ||
        findings.some((f) => f.hop === hop.hop && f.about.hop === hop.name && speaksAgainst(f)) ||
        (judgement.answer === 'ingress' && !isClean(judgement, hop)),
    );
    if (judgement.answer !== 'inconclusive' && judgement.chosen && !hasPart && !names(said, suspect))
      innocent.push(spelt(suspect));
  }
  const apart = elsewhere.map((name) => ` ${capital(name)} is not on this path.`).join('');
  if (innocent.length === 0) return apart;
  const list = innocent.join(sure ? ' and not ' : ' or ');
  return `${apart} ${sure ? `It is not ${list}.` : `Nothing that I saw speaks against ${list}.`}`;
}
