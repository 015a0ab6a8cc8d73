import type { ListenerDeps } from '../listeners/deps.ts';
import { takeQuestion } from '../listeners/take-question.ts';
import { beganAt, byHost, type HostAlerts, reportOf, sourcesOfAlerts, type Webhook } from './payload.ts';

/** What became of one call. */
export interface AlertsTaken {
  opened: number;
  joined: number;
  repeated: number;
  ended: number;
  /** Alerts about nothing that is known here, that may not be looked at, or that were too many or not understood. */
  left: number;
}

/**
 * One call of Alertmanager's: what fires opens a case or joins one, what ended is said in its case. Safe to repeat; what it returns
 * from is stored. QueueAway passes through: Alertmanager sends again.
 */
export async function takeAlerts(
  webhook: Webhook,
  options: { channel: string; hostLabels: readonly string[] },
  deps: ListenerDeps,
): Promise<AlertsTaken> {
  const { hosts, nameless } = byHost(webhook, options.hostLabels);
  const taken: AlertsTaken = { opened: 0, joined: 0, repeated: 0, ended: 0, left: nameless + webhook.truncatedAlerts };
  for (const one of hosts) {
    if (one.firing.length > 0) await fire(one, webhook, options.channel, taken, deps);
    else await end(one, webhook, taken, deps);
  }
  return taken;
}

async function fire(one: HostAlerts, webhook: Webhook, channel: string, taken: AlertsTaken, deps: ListenerDeps) {
  const report = reportOf(one);
  const answer = await takeQuestion(
    {
      way: 'alert',
      text: report,
      report,
      place: { channel, thread: null, user: null, responseUrl: null },
      at: new Date(deps.now()).toISOString(),
      since: beganAt(one.firing),
      sources: sourcesOfAlerts(webhook.groupKey, one.firing),
    },
    deps,
  );
  if (answer.is === 'opened' || answer.is === 'joined') {
    taken[answer.is]++;
    await deps.desk.cases.alertEnded(answer.case, null);
  } else if (answer.is === 'seen') taken.repeated++;
  else {
    taken.left += one.firing.length;
    deps.log.warn({ is: answer.is, name: one.name.slice(0, 100) }, 'an alert about nothing that I may look at');
  }
}

/** All alerts of a host ended: its case says so, once. */
async function end(one: HostAlerts, webhook: Webhook, taken: AlertsTaken, deps: ListenerDeps): Promise<void> {
  const id = await deps.desk.cases.seenAs(sourcesOfAlerts(webhook.groupKey, one.resolved));
  if (id === null || !id.startsWith('c-')) return;
  const record = await deps.desk.cases.load(id);
  const at = Math.max(...one.resolved.map(({ endsAt }) => Date.parse(endsAt)));
  if (record === null || record.alertEndedAt === at) return;
  await deps.desk.cases.alertEnded(id, at > 0 ? at : deps.now());
  await deps.desk.refresh(id);
  taken.ended++;
}
