import type { Case } from '../diagnostics/types.ts';
import type { Inventory } from '../proxy/inventory/inventory.ts';

/** Where and when a message was written. */
export interface Written {
  /** ISO. */
  at: string;
  /** IANA zone of the writer, where known. */
  tz: string | null;
}

/** What we understood from a message; `report` false: it is no report of trouble and gets no answer by itself. */
export interface Reading {
  report: boolean;
  /** Full host names, aliases resolved, in the order of the text. */
  hosts: string[];
  since: string | null;
  symptoms: Case['symptoms'];
  /** Links and host:port with their paths and ports, as far as the text gives them. */
  targets: Case['target'][];
}

/** Pure: reads one message (Slack mrkdwn or plain text). Never throws, whatever the text. */
export function readReport(_text: string, _written: Written, _inventory: Inventory): Reading {
  throw new Error('not yet');
}

/**
 * Pure: a case from a reading, or what is missing to make one. `id` must be unique (see newCaseId).
 * The first target of the text is taken; port, when nobody said, is that of the path's outermost hop.
 */
export function openCase(
  _reading: Reading,
  _options: {
    id: string;
    at: string;
    report: string | null;
    inventory: Inventory;
    deadlineMs: number;
    only?: string[] | null;
  },
): { case: Case } | { missing: 'host' } | { refused: string } {
  throw new Error('not yet');
}

/** `c-20261121-7f3a…`: the day and enough randomness that two bots never collide. */
export function newCaseId(at: Date): string {
  return `c-${at.toISOString().slice(0, 10).replaceAll('-', '')}-${crypto.randomUUID().slice(0, 8)}`;
}
