import type { AllMiddlewareArgs, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import { contradicts, MOST_REASON, readPlace, SAID, type Word } from '../../workers/votes.ts';
import {
  PLACE_ACTION,
  PLACE_BLOCK,
  REASON_ACTION,
  REASON_BLOCK,
  VOTE_ACTION,
  VOTE_BLOCK,
} from '../blocks/who-was-right.ts';
import { oneLine } from '../rollouts/form/fields.ts';
import type { ListenerDeps } from './deps.ts';

/** Keeps what somebody says about a verdict, or takes it back, and shows it under the answer. */
export function viewWhoWasRight(deps: ListenerDeps) {
  return async (args: SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs): Promise<void> => {
    const { ack, body, view } = args;
    const fail = (block: string, why: string) => ack({ response_action: 'errors', errors: { [block]: why } });
    const id = view.private_metadata;
    const given = view.state.values;
    const chosen = given[VOTE_BLOCK]?.[VOTE_ACTION]?.selected_option?.value ?? '';
    const said = chosen === 'none' ? chosen : SAID.find((one) => one === chosen);
    if (said === undefined) return fail(VOTE_BLOCK, 'Choose one.');
    const reason = oneLine(given[REASON_BLOCK]?.[REASON_ACTION]?.value ?? '');
    if (reason.length > MOST_REASON)
      return fail(REASON_BLOCK, `That is ${reason.length} characters; at most ${MOST_REASON} are kept.`);
    const record = await deps.desk.cases.load(id);
    if (record === null || record.verdict === null)
      return fail(
        VOTE_BLOCK,
        record === null ? 'I do not have this case any more.' : 'I am looking again; wait for it.',
      );
    const hosts = [record.case.target.host];
    const no = deps.mayNot?.({ user: body.user.id, act: 'vote', channel: record.place.channel, hosts }, 'form');
    // Plain text: what an error of a form says is not formatted.
    if (no) return fail(VOTE_BLOCK, 'The rules changed meanwhile: only some people may say who was right here.');
    const place = readPlace(given[PLACE_BLOCK]?.[PLACE_ACTION]?.selected_option?.value ?? '');
    if (contradicts(said, place.hop, record.verdict.answer))
      return fail(PLACE_BLOCK, 'That does not fit: load balancer, node and proxy are the ingress, the rest is not.');
    const user = body.user.id;
    const at = new Date(deps.now()).toISOString();
    const name =
      said === 'none'
        ? null
        : ((await deps.nameOf?.(user)) ??
          (oneLine(body.user.name ?? '')
            .replace(/^@+/, '')
            .slice(0, 80) ||
            null));
    const word: Word = { ...place, user, name, said, reason, at, source: `view:${view.id}` };
    const is = await deps.desk.cases.votes.cast(record, word);
    if (is === 'too-many') return fail(VOTE_BLOCK, 'So much was said about this case that nothing more is kept.');
    deps.log.info({ case: id, said, by: user, is }, 'a vote');
    // Noted when it is the same too: whoever stored it may have died before. The name makes it one.
    const facts = { case: id, run: record.run, said, hop: place.hop, cause: place.cause, reason };
    const once = `vote:${view.id}:${said}:${place.hop}:${place.cause}:${reason}`;
    deps.audit?.note({ kind: 'vote', by: user, in: record.place.channel, facts, once });
    // Even if nothing changed: whoever stored it may have died before the message was brought up to date.
    await deps.desk.refresh(id);
    await ack();
  };
}
