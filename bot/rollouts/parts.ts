import type { RolloutDesk } from '../../workers/rollouts/desk.ts';
import type { RolloutRecord } from '../../workers/rollouts/types.ts';
import type { draftStore, nameStore } from './form/draft.ts';

/** What the listeners of rollouts are given beside what all listeners get. */
export interface RolloutParts {
  desk: RolloutDesk;
  drafts: ReturnType<typeof draftStore>;
  names: ReturnType<typeof nameStore>;
  /** Channels, by id, where every rollout is announced; null: Slack has not told their ids yet. */
  always: () => readonly string[] | null;
  /** Whether this person may announce (record null) or decide here. The text says why not, and whom to ask; null: they may. */
  mayNot?: (who: { user: string; channel: string | null; record: RolloutRecord | null }) => Promise<string | null>;
}
