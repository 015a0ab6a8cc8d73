import { TriageError } from '../../diagnostics/errors.ts';
import type { Verdict } from '../../diagnostics/types.ts';
import { FAULTS } from '../../proxy/lab/faults/index.ts';
import { LabError } from '../../proxy/lab/lab-error.ts';
import type { LocalSlack, Message } from '../local-slack/index.ts';
import { type DemoSystem, REPORT_CHANNEL } from './system.ts';

/** Far longer than any case takes: what is not there by then never comes. */
const VERDICT_MS = 60_000;
/** A report that nobody took for one gets no answer at all. */
const FIRST_WORD_MS = 10_000;
const REPORTER = 'ana';

/** The names of the scripts, with what each is about. */
export function listScripts(): { name: string; title: string }[] {
  return FAULTS.map(({ name, title }) => ({ name, title }));
}

/** Brings a fault about, complains as a person would, and follows the thread until the verdict stands in it. */
export async function runScript(system: DemoSystem, name: string, say: (line: string) => void): Promise<Verdict> {
  const { world, slack } = system;
  const fault = FAULTS.find((one) => one.name === name);
  if (!fault) throw new TriageError('wrong-usage', `no script ${name}`);
  say(`lab: ${fault.title}`);
  await world.inject(name).catch((error: unknown) => {
    if (error instanceof LabError && error.missing !== null)
      throw new TriageError('unavailable', `${name}: ${error.message}`);
    throw error;
  });
  const report = slack.say(REPORTER, REPORT_CHANNEL, fault.report);
  say(`${REPORTER} in #${REPORT_CHANNEL}: ${fault.report}`);
  await followThread(slack, report, say);
  const [record] = await system.recent(1);
  if (!record?.verdict) throw new Error('the thread ended without a verdict');
  return record.verdict;
}

/** Prints each state of the answer; ends with the finished one, which carries buttons. */
async function followThread(slack: LocalSlack, report: Message, say: (line: string) => void): Promise<void> {
  let shown = '';
  const answer = () => slack.messages(REPORT_CHANNEL, { thread: report.ts }).find((one) => one.bot_id === slack.botId);
  const isFinished = (message: Message) => (message.blocks ?? []).some((block) => block.type === 'actions');
  for (;;) {
    const message = await slack.waitFor(
      () => {
        const now = answer();
        return now && now.text !== shown ? now : undefined;
      },
      {
        timeoutMs: shown === '' ? FIRST_WORD_MS : VERDICT_MS,
        what: shown === '' ? 'any answer: was this read as a report?' : 'the verdict',
      },
    );
    shown = message.text;
    say(`${shown.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&').replace(/^/gm, '  | ')}`);
    if (isFinished(message)) return;
  }
}
