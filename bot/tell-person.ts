import type { Logger } from 'pino';
import type { CaseRecord, Cases } from '../workers/cases.ts';
import type { Metrics } from '../workers/metrics.ts';
import type { Message } from './blocks/message.ts';
import { cannotPostText } from './blocks/refusal.ts';
import { Gone, type Mark, type Poster, Refused } from './posting.ts';

/** Tells people privately what their channel will not have. */
export function personTeller(parts: { poster: Poster; cases: Cases; metrics: Metrics; log: Logger }) {
  const { poster, cases, metrics, log } = parts;

  /** Tries every way to the person who asked, directly last and only for an answer. Null: told; else why not. */
  async function reach(record: CaseRecord, text: string, directly: boolean): Promise<string | null> {
    const { channel, thread, user, responseUrl } = record.place;
    const mark: Mark = { event_type: 'ingress_case', event_payload: { case: record.case.id } };
    const ways = [
      ...(responseUrl === null ? [] : [() => poster.respond(responseUrl, text)]),
      ...(user === null ? [] : [() => poster.whisper(channel, user, thread, text)]),
      ...(user === null || !directly ? [] : [() => poster.post(user, null, { text, blocks: [] }, mark)]),
    ];
    let last = 'nobody_to_tell';
    for (const way of ways) {
      const failure = await way().then(
        () => null,
        (error: unknown) => ({ error }),
      );
      if (failure === null) return null;
      if (!(failure.error instanceof Refused || failure.error instanceof Gone)) throw failure.error;
      last = failure.error.reason;
    }
    return last;
  }

  /** The state of a case, once, to the person whose channel refused it for `reason`. */
  return async (record: CaseRecord, message: Message, reason: string): Promise<void> => {
    const what = record.state === 'finished' ? 'verdict' : 'opened';
    const told = `${record.run}-${what}`;
    if (record.message.told === told) return;
    const text = `${message.text}\n_${cannotPostText(reason)}_`;
    const last = await reach(record, text, what === 'verdict');
    if (last !== null) {
      if (what === 'verdict') metrics.gaveUp.inc({ reason: last });
      log.error({ case: record.case.id, channel: record.place.channel, reason, last }, 'gave up: nobody can be told');
    }
    await cases.setMessage(record.case.id, { told });
  };
}
