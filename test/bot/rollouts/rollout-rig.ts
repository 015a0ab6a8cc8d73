import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { LocalSlack } from '../../../bot/local-slack/index.ts';
import { readConfigFile } from '../../../workers/config.ts';
import { closeRedis, connectRedis } from '../../../workers/redis.ts';
import { type RolloutDesk, rolloutDesk } from '../../../workers/rollouts/desk.ts';
import { until } from '../../workers/stand-ins.ts';
import { type Rig, rig } from '../rig.ts';

export const ROLLOUTS = '#rollouts';
export const INVENTORY = join(import.meta.dirname, 'inventory.yaml');

/** A bot on a real Redis and a local Slack, with an inventory of two proxies; the workers' half is played by the test. */
export async function rolloutRig(
  t: TestContext,
  options: Parameters<typeof rig>[1] & { channels?: string[] } = {},
): Promise<Rig & { desk: RolloutDesk }> {
  const { file } = readConfigFile(null);
  const channels = { ...file.channels, triage: ['#major-system-issues'], rollouts: options.channels ?? [ROLLOUTS] };
  const system = await rig(t, {
    workers: false,
    ...options,
    config: { inventory: INVENTORY, file: { ...file, channels }, ...options.config },
  });
  const redis = connectRedis(system.redis.url, 'producer');
  redis.on('error', () => {});
  await until('a connection', () => redis.status === 'ready');
  const desk = rolloutDesk(redis);
  t.after(async () => {
    await desk.close();
    closeRedis(redis);
  });
  return { ...system, desk };
}

type Values = Record<string, string>;

/** Submits the open modal; values by field. */
export function submit(slack: LocalSlack, user: string, values: Values = {}) {
  const wrapped = Object.fromEntries(Object.entries(values).map(([block, value]) => [block, { value }]));
  return slack.submitView(user, wrapped);
}

/** The value of a select's option whose label fits. */
export function option(slack: LocalSlack, user: string, block: string, label: RegExp): string {
  const found = slack.view(user)?.blocks.find((one) => one.block_id === block) as
    | { element: { options: { value: string; text: { text: string } }[] } }
    | undefined;
  const chosen = found?.element.options.find((one) => label.test(one.text.text));
  if (!chosen) throw new Error(`no option ${label} in ${block}`);
  return chosen.value;
}

export const DETAILS: Values = {
  why: '2.10 sometimes answers in clear text on its TLS port.',
  undo: 'one weight in the balancer, under a minute',
  stages: '10, 50, 100',
};

/** Fills the form up to the preview, as a person would. */
export async function fillForm(slack: LocalSlack, user: string, details: Values = {}, title = 'Traefik 2.10.7 → 3.7') {
  await slack.command(user, '#platform', '/ingress-rollout');
  await slack.waitFor(() => slack.view(user)?.blocks.some((block) => block.block_id === 'fresh'), { what: 'the form' });
  const sides = {
    title,
    old: option(slack, user, 'old', /edge-old/),
    fresh: option(slack, user, 'fresh', /edge-new/),
  };
  const first = await submit(slack, user, sides);
  if (!first.ok) return first;
  return submit(slack, user, { ...DETAILS, ...details });
}

/** Messages of our app in a channel or thread, oldest first. */
export function said(slack: LocalSlack, channel = ROLLOUTS, thread?: string) {
  return slack
    .messages(channel, thread === undefined ? {} : { thread })
    .filter(
      (message) =>
        message.bot_id === slack.botId &&
        (thread !== undefined || message.thread_ts === undefined || message.thread_ts === message.ts),
    );
}
