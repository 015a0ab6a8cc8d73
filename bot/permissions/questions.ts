import type { Act } from '../../workers/people-rules.ts';
import type { ListenerDeps } from '../listeners/deps.ts';
import type { Question, Taken } from '../listeners/take-question.ts';

/**
 * What becomes of a question whose person may not ask it; null: they may. Who was only overheard is told once a day in each
 * channel, and in between nothing: nobody is scolded for every report.
 */
export async function refusedQuestion(
  question: Question,
  hosts: readonly string[] | 'later',
  acts: readonly Act[],
  deps: Pick<ListenerDeps, 'mayNot' | 'desk'>,
): Promise<Taken | null> {
  const { channel, user } = question.place;
  if (question.trusted) return null;
  for (const act of acts) {
    const text = deps.mayNot?.({ user, act, channel, hosts }, question.way) ?? null;
    if (text === null) continue;
    if (question.way !== 'message') return { is: 'refused', text, ruled: true };
    // The same message again is the same word again: whoever claimed it first may have died before saying it.
    const name = question.sources[0] ?? channel;
    const told = await deps.desk.cases.firstTime([`refused:${user}-${channel}`], name);
    return told === null || told === name ? { is: 'refused', text, ruled: true } : { is: 'no-report' };
  }
  return null;
}
