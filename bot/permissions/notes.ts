import type { Audit, Note } from '../../workers/audit/audit.ts';
import type { Metrics } from '../../workers/metrics.ts';
import type { RolloutDesk } from '../../workers/rollouts/desk.ts';
import type { Decision } from '../../workers/rollouts/types.ts';
import type { AlertsTaken } from '../alertmanager/take.ts';
import type { Question, Taken } from '../listeners/take-question.ts';
import type { May, Wish } from './may.ts';

/** A question and what became of it; null: it was none, or the refusal is noted where it was made. */
export function questionNote(question: Question, taken: Taken): Note | null {
  if (taken.is === 'no-report' || ('ruled' in taken && taken.ruled)) return null;
  const { place, way, sources } = question;
  const refused = taken.is === 'refused' || taken.is === 'limited';
  return {
    kind: refused ? 'refusal' : 'question',
    by: place.user,
    in: place.channel,
    facts: {
      way,
      is: taken.is,
      ...('case' in taken && { case: taken.case }),
      text: question.text,
      ...(refused && { act: 'ask', why: taken.is }),
    },
    // A redelivery is the same question, and so is the second event of a mention.
    ...(sources[0] !== undefined && { once: `question:${sources[0]}` }),
  };
}

/** Somebody may not do what they wished. */
export function refusalNote(wish: Wish, way: string, no: Exclude<May, { ok: true }>): Note {
  const hosts = typeof wish.hosts === 'string' ? wish.hosts : [...wish.hosts];
  return { kind: 'refusal', by: wish.user, in: wish.channel, facts: { way, act: wish.act, hosts, is: no.why } };
}

/** One call of Alertmanager's. */
export function webhookNote(channel: string, alerts: number, taken: AlertsTaken): Note {
  return { kind: 'webhook', by: null, in: channel, facts: { from: 'alertmanager', alerts, ...taken } };
}

/** The same desk, with every announcement and decision written down, refused ones too. */
export function auditedDesk(desk: RolloutDesk, audit: Pick<Audit, 'note'>): RolloutDesk {
  return {
    ...desk,
    async create(rollout, sources, sourceTtlS) {
      const created = await desk.create(rollout, sources, sourceTtlS);
      const once = sources[0] === undefined ? {} : { once: `announced:${sources[0]}` };
      audit.note({ ...announced(rollout.by, created.id, rollout.title, rollout.hosts), ...once });
      return created;
    },
    async decide(id, decision) {
      const result = await desk.decide(id, decision);
      audit.note(decisionNote(id, decision, result?.is ?? 'gone'));
      return result;
    },
  };
}

/** A rollout is announced. */
export function announced(by: string | null, rollout: string, title: string, hosts: readonly string[]): Note {
  return { kind: 'decision', by, in: null, facts: { what: 'announce', rollout, title, hosts: hosts.length } };
}

function decisionNote(rollout: string, { what, by, stage, reason }: Decision, is: string): Note {
  return { kind: 'decision', by, in: null, facts: { what, rollout, stage, is, reason } };
}

/** The same metrics, with every call of the model written down: what for and how it went. */
export function auditedModelCalls(metrics: Metrics, audit: Pick<Audit, 'note'>): Metrics {
  return {
    ...metrics,
    modelCalled(kind, result) {
      metrics.modelCalled(kind, result);
      audit.note({ kind: 'model', by: null, in: null, facts: { what: kind, result } });
    },
  };
}
