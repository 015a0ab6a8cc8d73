import { findEnvoy } from '../../../proxy/lab/envoy.ts';
import { SCENARIOS, type ScenarioName } from '../../../proxy/lab/rollout/scenarios.ts';
import type { Panel } from '../../local-slack/index.ts';
import type { DemoSystem } from '../system.ts';
import { playRollout } from './play.ts';

const PREFIX = 'rollout:';

/** The lab's panel with switches that play a whole rollout beside it: in #rollouts, with real weights and real traffic. */
export function rolloutPanel(lab: Panel, system: () => DemoSystem | null): Panel {
  let playing: { name: ScenarioName; stop: AbortController; over: Promise<void> } | null = null;
  let said = '';
  const heard = new Set<() => void>();
  const missing = findEnvoy() ? null : 'Envoy is not here';

  async function start(demo: DemoSystem, name: ScenarioName): Promise<void> {
    const stop = new AbortController();
    const over = playRollout(demo, name, () => {}, stop.signal)
      .then(
        (played) => {
          said = `The rollout “${name}” ended ${played.right ? 'as it should' : 'otherwise than it should'}: ${played.ended}. `;
        },
        (error: Error) => {
          if (!stop.signal.aborted) said = `The rollout “${name}” could not be played: ${error.message}. `;
        },
      )
      .finally(() => {
        if (playing?.stop === stop) playing = null;
        for (const changed of heard) changed();
      });
    playing = { name, stop, over };
  }

  return {
    ...lab,
    async state() {
      const before = await lab.state();
      const items = SCENARIOS.map(({ name, title, hint }) => ({
        id: `${PREFIX}${name}`,
        label: title,
        hint: missing ?? hint,
        on: playing?.name === name,
        disabled: missing !== null,
      }));
      const note = playing ? `A rollout is played in #rollouts, as Maya would: ${playing.name}. ` : said;
      return {
        ...before,
        note: `${note}${before.note ?? ''}`,
        groups: [...before.groups, { title: 'Roll out', items }],
      };
    },
    subscribe(changed) {
      heard.add(changed);
      const end = lab.subscribe?.(changed);
      return () => {
        heard.delete(changed);
        end?.();
      };
    },
    async act(id) {
      if (!id.startsWith(PREFIX)) return lab.act(id);
      const demo = system();
      const name = SCENARIOS.find((one) => one.name === id.slice(PREFIX.length))?.name;
      if (!demo || !name) throw new Error(`no rollout ${id}`);
      const before = playing;
      before?.stop.abort();
      await before?.over;
      if (before?.name !== name) await start(demo, name);
    },
  };
}
