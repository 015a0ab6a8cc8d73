import type { StageResult } from '../../../diagnostics/rollout/types.ts';
import type { RolloutLab } from '../../../proxy/lab/rollout/lab.ts';
import { SCENARIOS, type ScenarioName } from '../../../proxy/lab/rollout/scenarios.ts';
import type { RolloutRecord } from '../../../workers/rollouts/types.ts';
import type { LocalSlack, Message } from '../../local-slack/index.ts';
import { ROLLOUT_ACTIONS } from '../../rollouts/blocks/buttons.ts';
import { FIELDS, type Field, VALUE } from '../../rollouts/form/fields.ts';
import { type DemoSystem, REPORT_CHANNEL, ROLLOUT_CHANNEL } from '../system.ts';

/** Who announces and decides, and who blames the rollout. */
const AUTHOR = 'maya';
const REPORTER = 'tom';
/** A stage that nobody can judge after this long ends the play, ms. */
const STAGE_MS = 300_000;
const SLACK_MS = 30_000;
const POLL_MS = 250;
/** How long the application fails on its own, and when in its stage, ms. */
const FAULT = { afterMs: 8_000, forMs: 15_000 };
const TITLE = 'Envoy 1.39 → 1.40';

/** How a play ended, stage by stage. */
interface Played {
  rollout: string;
  scenario: ScenarioName;
  expected: 'go-on' | 'stop';
  /** What the judge said last. */
  ended: StageResult;
  /** It ended as it should, and a stop for the right reason. */
  right: boolean;
  state: RolloutRecord['state'];
  stages: { share: number; result: StageResult; headline: string; seconds: number; requests: number }[];
  /** Measures that were worse, where it stopped. */
  because: string[];
  complaints: { host: string; guilt: string; why: string }[];
  /** Messages of ours in the rollouts channel, thread included. */
  messages: number;
}

/**
 * Plays a whole rollout as people would: the form, the buttons, the weights of a real balancer; goes on when the judge says
 * go on, and stops when it says stop. Rejects when nothing comes for minutes, or the signal fires.
 */
export async function playRollout(
  system: DemoSystem,
  name: ScenarioName,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Played> {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (!scenario) throw new Error(`no rollout ${name}`);
  const { slack, rollouts } = system;
  say(`lab: ${scenario.title}`);
  const lab = await system.stage.set(name);
  const known = new Set((await rollouts.recent(50)).map(({ rollout }) => rollout.id));
  const root = await announce(slack, lab, known, rollouts);
  const { id } = root;
  const follow = follower(slack, root.message, say);
  const stages: Played['stages'] = [];
  let record = await mustLoad(rollouts, id);
  try {
    for (const [index, stage] of record.rollout.stages.entries()) {
      // The weight first, then the word: as somebody who is at the balancer does it.
      await lab.share(stage.share);
      await decide(slack, root.message, index === 0 ? 'begin' : 'next-stage', follow.look, index - 1, rollouts, id);
      const began = Date.now();
      const fault = name === 'app-fault' && index === 1 ? appFault(lab, slack, signal) : null;
      record = await told(rollouts, id, index, follow.look, signal);
      await fault;
      // A fault of the application must have been in the judgement that counts.
      if (fault) record = await told(rollouts, id, index, follow.look, signal, new Date().toISOString());
      const judgement = record.stages[index]?.judgement;
      if (!judgement) throw new Error(`stage ${index + 1} has no judgement`);
      stages.push({
        share: stage.share,
        result: judgement.result,
        headline: judgement.headline,
        seconds: Math.round((Date.now() - began) / 1000),
        requests: await requestsOf(rollouts, id, index),
      });
      if (judgement.result === 'stop') break;
    }
    const last = stages.at(-1);
    const stopped = last?.result === 'stop';
    await lab.share(stopped ? 0 : 1);
    await decide(slack, root.message, stopped ? 'stop' : 'finish', follow.look, record.stage, rollouts, id);
    const isReview = (one: Message) => JSON.stringify(one.blocks ?? []).includes('· review');
    await slack.waitFor(() => follow.ours().find(isReview), {
      timeoutMs: SLACK_MS,
      what: 'the review',
    });
    follow.look();
    record = await mustLoad(rollouts, id);
    const worse = record.stages[record.stage]?.judgement?.measures.filter((one) => one.verdict === 'worse') ?? [];
    const because = [...new Set(worse.map((one) => one.measure))];
    const expected: readonly string[] = scenario.because;
    const all = stages.length === record.rollout.stages.length && stages.every(({ result }) => result === 'go-on');
    // Whoever blamed the rollout for the application's own fault was wrong, and must have been told so or be waited for.
    const wronged = scenario.ends === 'go-on' && record.cases.some(({ guilt }) => guilt === 'confirmed');
    return {
      rollout: id,
      scenario: name,
      expected: scenario.ends,
      ended: last?.result ?? 'not-enough-data',
      right: scenario.ends === 'go-on' ? all && !wronged : stopped && because.some((one) => expected.includes(one)),
      state: record.state,
      stages,
      because,
      complaints: record.cases.map(({ host, guilt, why }) => ({ host, guilt, why })),
      messages: follow.ours().length,
    };
  } finally {
    follow.look();
  }
}

/** The form, as its author fills it. Resolves with the announcement. */
async function announce(
  slack: LocalSlack,
  lab: RolloutLab,
  known: Set<string>,
  rollouts: DemoSystem['rollouts'],
): Promise<{ id: string; message: Message }> {
  const opened = await slack.command(AUTHOR, 'platform', '/ingress-rollout');
  if (!opened.ok || opened.response?.text)
    throw new Error(`the form did not open: ${opened.error ?? opened.response?.text}`);
  const hasOption = (label: string) => optionOf(slack, 'old', label) !== null;
  await slack.waitFor(() => hasOption(lab.old) || null, { timeoutMs: SLACK_MS, what: 'a form that knows both sides' });
  const submit = async (values: Partial<Record<Field, string>>) => {
    const wrapped = Object.entries(values).map(([field, value]) => [FIELDS[field as Field], { [VALUE]: value }]);
    const answer = await slack.submitView(AUTHOR, Object.fromEntries(wrapped));
    if (!answer.ok) throw new Error(`the form was refused: ${JSON.stringify(answer.response ?? answer.error)}`);
  };
  const side = (block: string, name: string) => optionOf(slack, block, name) ?? '';
  await submit({ title: TITLE, old: side('old', lab.old), fresh: side('fresh', lab.fresh) });
  await submit({
    why: '1.39 leaves its support next month.',
    oldClients: '3 scanners of the warehouse that offer only AES128-SHA must go on working',
    undo: 'weight new=0 in the balancer `split`, under a minute',
    stages: '10, 50, 100',
  });
  await submit({});
  const isNew = (message: Message) => message.bot_id === slack.botId && message.text.includes(TITLE);
  const before = slack
    .messages(ROLLOUT_CHANNEL)
    .filter(isNew)
    .map(({ ts }) => ts);
  for (;;) {
    const found = (await rollouts.recent(5)).find(({ rollout }) => !known.has(rollout.id) && rollout.by !== null);
    if (found) {
      const id = found.rollout.id;
      const message = await slack.waitFor(
        () =>
          slack
            .messages(ROLLOUT_CHANNEL)
            .find((one) => isNew(one) && (!before.includes(one.ts) || JSON.stringify(one.blocks).includes(id))),
        { timeoutMs: SLACK_MS, what: 'the announcement' },
      );
      return { id, message };
    }
    await pause(POLL_MS);
  }
}

function optionOf(slack: LocalSlack, block: string, name: string): string | null {
  const found = slack.view(AUTHOR)?.blocks.find((one) => one.block_id === block) as
    | { element?: { options?: { value: string; text: { text: string } }[] } }
    | undefined;
  return found?.element?.options?.find((one) => one.text.text.includes(name))?.value ?? null;
}

/** Clicks as soon as the button is there; resolves when the decision is stored. */
async function decide(
  slack: LocalSlack,
  root: Message,
  what: 'begin' | 'next-stage' | 'stop' | 'finish',
  look: () => void,
  stage: number,
  rollouts: DemoSystem['rollouts'],
  id: string,
): Promise<void> {
  const carries = () => {
    const now = slack.messages(ROLLOUT_CHANNEL).find(({ ts }) => ts === root.ts);
    const text = JSON.stringify(now?.blocks ?? []);
    return text.includes(ROLLOUT_ACTIONS[what]) && text.includes(`\\"stage\\":${stage}}`) ? now : null;
  };
  await slack.waitFor(carries, { timeoutMs: SLACK_MS, what: `a button to ${what}` });
  await slack.click(AUTHOR, ROLLOUT_CHANNEL, root.ts, ROLLOUT_ACTIONS[what]);
  // Against the judge's word the bot asks for a reason.
  if (slack.view(AUTHOR)) await slack.submitView(AUTHOR, { reason: { [VALUE]: 'The demo goes on.' } });
  for (const end = Date.now() + SLACK_MS; Date.now() < end; await pause(POLL_MS)) {
    look();
    const record = await rollouts.load(id);
    if (record?.decisions.some((one) => one.what === what && one.stage === stage)) return;
  }
  throw new Error(`${what} was not recorded`);
}

/** Waits for the judge's word on a stage; `since`: one that is newer than that. */
async function told(
  rollouts: DemoSystem['rollouts'],
  id: string,
  index: number,
  look: () => void,
  signal: AbortSignal,
  since = '',
): Promise<RolloutRecord> {
  for (const end = Date.now() + STAGE_MS; Date.now() < end; await pause(POLL_MS)) {
    signal.throwIfAborted();
    look();
    const record = await mustLoad(rollouts, id);
    const stage = record.stages[index];
    const result = stage?.judgement?.result;
    if ((result === 'go-on' || result === 'stop') && (stage?.judgedAt ?? '') > since) return record;
  }
  // Not enough data is an end as well: the play then says so.
  return mustLoad(rollouts, id);
}

/** The application fails by itself for some seconds, and somebody blames the rollout for it. */
async function appFault(lab: RolloutLab, slack: LocalSlack, signal: AbortSignal): Promise<void> {
  await pause(FAULT.afterMs);
  signal.throwIfAborted();
  await lab.breakApp(true);
  slack.say(REPORTER, REPORT_CHANNEL, `${lab.host} throws 500s on every second click. is that the rollout?`);
  await pause(FAULT.forMs);
  await lab.breakApp(false);
}

async function requestsOf(rollouts: DemoSystem['rollouts'], id: string, stage: number): Promise<number> {
  const intervals = await rollouts.intervals.read(id, stage);
  return intervals.filter((one) => one.source === 'counters').reduce((all, one) => all + one.fresh.requests, 0);
}

/** Prints what changes in the rollout's messages. */
function follower(slack: LocalSlack, root: Message, say: (line: string) => void) {
  const shown = new Map<string, string>();
  const ours = () => slack.messages(ROLLOUT_CHANNEL, { thread: root.ts }).filter((one) => one.bot_id === slack.botId);
  return {
    ours,
    look() {
      for (const { ts, text } of ours()) {
        if (shown.get(ts) === text) continue;
        const word = shown.has(ts) ? 'changed' : 'posted';
        shown.set(ts, text);
        const readable = text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
        say(
          `#${ROLLOUT_CHANNEL} (${word}${ts === root.ts ? '' : ', in the thread'})\n${readable.replace(/^/gm, '  | ')}`,
        );
      }
    },
  };
}

async function mustLoad(rollouts: DemoSystem['rollouts'], id: string): Promise<RolloutRecord> {
  const record = await rollouts.load(id);
  if (record === null) throw new Error('the rollout is gone');
  return record;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
