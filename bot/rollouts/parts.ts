import type { Inventory } from '../../proxy/inventory/inventory.ts';
import type { RolloutDesk } from '../../workers/rollouts/desk.ts';
import type { RolloutRecord, Side } from '../../workers/rollouts/types.ts';
import type { draftStore, nameStore } from './form/draft.ts';

/** What the listeners of rollouts are given beside what all listeners get. */
export interface RolloutParts {
  desk: RolloutDesk;
  drafts: ReturnType<typeof draftStore>;
  names: ReturnType<typeof nameStore>;
  /** Channels, by id, where every rollout is announced; null: Slack has not told their ids yet. */
  always: () => readonly string[] | null;
  /** What is known of old clients on a side, as a sentence; empty: nothing. Left out: nobody records it. */
  oldClients?: (side: Side, inventory: Inventory) => Promise<string>;
  /**
   * Whether this person may announce (record null; `hosts`: for which, where that was said) or decide here. The text says why not,
   * and whom to ask; null: they may.
   */
  mayNot?: (who: {
    user: string;
    channel: string | null;
    record: RolloutRecord | null;
    hosts?: readonly string[];
  }) => Promise<string | null>;
}
