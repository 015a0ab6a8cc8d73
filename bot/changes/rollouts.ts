import type { RolloutRecord } from '../../workers/rollouts/types.ts';
import type { Names } from '../rollouts/blocks/words.ts';
import { shareText } from '../rollouts/blocks/words.ts';
import type { Happened } from './known.ts';

const WORDS = {
  begin: 'began',
  'next-stage': 'went on',
  hold: 'was put on hold',
  stop: 'was stopped',
  finish: 'was finished',
  cancel: 'was called off',
  'cleaned-up': 'was cleaned up after',
} as const;

/** Pure: what was decided about rollouts since a time (ISO), of one host or (null) of all. Names are written out. */
export function decidedSince(
  records: readonly RolloutRecord[],
  from: string,
  host: string | null,
  names: Names,
): Happened[] {
  return records
    .filter(({ rollout }) => host === null || rollout.hosts.length === 0 || rollout.hosts.includes(host))
    .flatMap(({ rollout, decisions }) =>
      decisions
        .filter(({ at }) => at >= from)
        .map((decision): Happened => {
          const moved = decision.what === 'begin' || decision.what === 'next-stage';
          const stage = rollout.stages[moved ? decision.stage + 1 : decision.stage];
          const at = stage ? ` at ${shareText(stage)}` : '';
          const why = decision.reason === '' ? '' : `: ${decision.reason}`;
          const by = decision.by === null ? undefined : (names[decision.by] ?? 'somebody');
          const summary = `${WORDS[decision.what]}${at}${why}`;
          return { at: decision.at, object: rollout.title, kind: 'rollout', summary, ...(by && { by }) };
        }),
    );
}
