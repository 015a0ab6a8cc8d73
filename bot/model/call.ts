import type { Logger } from 'pino';
import { reasonOf } from '../../diagnostics/errors.ts';
import type { Metrics } from '../../workers/metrics.ts';
import type { Breaker } from './breaker.ts';
import type { Budget, Reserved } from './budget.ts';
import type { Ask, Transport } from './transport.ts';

/** What the model is asked for. */
export type Kind = 'symptoms' | 'prose' | 'answer';

/** The parts that every call goes through. */
interface Caller {
  transport: Transport;
  budget: Budget;
  breaker: Breaker;
  metrics: Metrics;
  log: Logger;
  now: () => number;
}

/** Calls of one process at the same time; whoever comes after them does without. */
const AT_ONCE = 4;

/**
 * Asks the model, within the day's budget and one deadline for everything; null whenever there is no whole answer of the
 * right shape, for whatever reason. Never rejects. Counts `iti_model_calls_total` and logs no word of question or answer.
 */
export function createCall(parts: Caller): <T>(kind: Kind, ask: Ask<T>, deadlineMs: number) => Promise<T | null> {
  const { transport, budget, breaker, metrics, log, now } = parts;
  let underWay = 0;
  return async (kind, ask, deadlineMs) => {
    const done = (result: string): null => {
      metrics.modelCalled(kind, result);
      return null;
    };
    if (underWay >= AT_ONCE) return done('busy');
    underWay += 1;
    try {
      // One signal for all of it: the client's own timeouts are per attempt.
      const signal = AbortSignal.timeout(deadlineMs);
      if (!breaker.allows(now())) return done('paused');
      const reserved = await unlessLate(budget.reserve(tokensOf(ask)), signal).catch(() => undefined);
      if (reserved === undefined) return done('redis-away');
      if (reserved === null) return done('budget');
      return await within(kind, ask, signal, reserved, done);
    } finally {
      underWay -= 1;
    }
  };

  async function within<T>(
    kind: Kind,
    ask: Ask<T>,
    signal: AbortSignal,
    reserved: Reserved,
    done: (result: string) => null,
  ): Promise<T | null> {
    const began = now();
    let tokens: number | null = null;
    let result = 'error';
    try {
      const said = await unlessLate(transport(ask, signal), signal);
      tokens = said.tokens;
      result = said.why;
      breaker.worked();
      if (said.value === null) return done(result);
      metrics.modelCalled(kind, 'ok');
      return said.value;
    } catch (error) {
      result = resultOf(error, signal);
      // Refused before any work was done; whatever else failed may have cost what was reserved.
      if (statusOf(error) !== null) tokens = 0;
      breaker.failed(now());
      log.warn({ kind, result, status: statusOf(error), reason: nameOf(error) }, 'the model did not help');
      return done(result);
    } finally {
      if (tokens !== null) await budget.settle(reserved, tokens).catch(() => {});
      log.debug({ kind, result, ms: now() - began, tokens }, 'asked the model');
    }
  }
}

/** Rejects when the time is up, even where the client does not notice. */
function unlessLate<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () => reject(signal.reason);
  if (signal.aborted) late();
  signal.addEventListener('abort', late, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', late));
}

/** At most so many: three characters are more than one token in every language that is asked in. */
function tokensOf(ask: Ask<unknown>): number {
  return Math.ceil((ask.instructions.length + ask.input.length) / 3) + ask.maxOutputTokens;
}

function statusOf(error: unknown): number | null {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === 'number' ? status : null;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : reasonOf(error).slice(0, 40);
}

function resultOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'late';
  const status = statusOf(error);
  if (status === 429) return 'rate-limited';
  if (status !== null) return 'http-error';
  const name = nameOf(error);
  if (name === 'SyntaxError' || name === 'ZodError' || name === '$ZodError') return 'invalid';
  if (name === 'LengthFinishReasonError' || name === 'ContentFilterFinishReasonError') return 'incomplete';
  return name.startsWith('APIConnection') ? 'no-connection' : 'error';
}
