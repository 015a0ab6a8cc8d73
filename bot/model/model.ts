import type { Logger } from 'pino';
import type { Verdict } from '../../diagnostics/types.ts';
import type { Inventory } from '../../proxy/inventory/inventory.ts';
import type { Metrics } from '../../workers/metrics.ts';
import type { RedisClient } from '../../workers/redis.ts';
import { plain } from '../blocks/mrkdwn.ts';
import { createBreaker } from './breaker.ts';
import { createBudget } from './budget.ts';
import { createCall } from './call.ts';
import type { CaseInHand } from './case-input.ts';
import { MODEL_LIMITS, type ModelConfig, type ModelLimits } from './config.ts';
import { answerFrom, askAnswer, askProse, type Prose, proseFrom } from './prose.ts';
import { type Additions, askSymptoms, validAdditions } from './symptoms.ts';
import { createTransport } from './transport.ts';

/**
 * The optional model. It reads and writes words, and decides nothing: answer, hop, cause and confidence are computed
 * without it. Nothing here ever rejects; null means that everything goes on as it would without a model.
 */
export interface Model {
  /** What a messy message or pasted log says of hosts and symptoms, as far as text and inventory bear it out. */
  symptoms: (text: string, inventory: Inventory) => Promise<Additions | null>;
  /** A verdict in two paragraphs, each sentence resting on findings that it names; unescaped. */
  prose: (verdict: Verdict, record: CaseInHand) => Promise<Prose | null>;
  /** An answer to a question in a case's thread, from that case's findings alone: mrkdwn, ready to be posted. */
  answer: (question: string, record: CaseInHand & { verdict: Verdict | null }) => Promise<string | null>;
}

/** A person waits for Slack's word that it was heard, and Slack waits three seconds. */
const INTAKE_MS = 1800;

/** The model of one process; null: none is configured. Opens no connection before it is asked. */
export function createModel(
  config: ModelConfig | null,
  parts: { redis: RedisClient; metrics: Metrics; log: Logger; now?: () => number; limits?: ModelLimits },
): Model | null {
  if (config === null) return null;
  const { redis, metrics, log, now = Date.now, limits = MODEL_LIMITS } = parts;
  const call = createCall({
    transport: createTransport(config),
    budget: createBudget(redis, limits, now),
    breaker: createBreaker(),
    metrics,
    log,
    now,
  });
  const underWay = new Map<string, Promise<string | null>>();
  return {
    async symptoms(text, inventory) {
      const said = await call('symptoms', askSymptoms(text, inventory), Math.min(INTAKE_MS, limits.deadlineMs));
      return said && validAdditions(said, text, inventory);
    },
    async prose(verdict, record) {
      const ask = askProse(verdict, record);
      const said = ask && (await call('prose', ask, limits.deadlineMs));
      return said && proseFrom(said, verdict, record);
    },
    answer(question, record) {
      // Slack sends what it waits for again after three seconds: the second time waits for the first one's answer.
      const key = `${record.case.id} ${question}`;
      const before = underWay.get(key);
      if (before) return before;
      const answer = answered(question, record).finally(() => underWay.delete(key));
      underWay.set(key, answer);
      return answer;
    },
  };

  async function answered(question: string, record: CaseInHand & { verdict: Verdict | null }): Promise<string | null> {
    const { verdict } = record;
    const ask = verdict && askAnswer(question, verdict, record);
    const said = ask && (await call('answer', ask, limits.deadlineMs));
    const answer = said && answerFrom(said, verdict as Verdict, record);
    return answer && `${plain(answer.text)}\n_From: ${answer.codes.map(plain).join(', ')}_`;
  }
}
