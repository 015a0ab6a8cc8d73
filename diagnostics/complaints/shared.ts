import type { FindingSpec } from '../define-check.ts';
import { clock, shellWord, times } from '../wording.ts';

/** What all findings from a proxy's own log know. */
export interface Base {
  proxy: string;
  /** nginx, haproxy, …: which words its log has. */
  kind: string;
  count: number;
  sample: string;
  last: string;
  now: string;
  source: string;
  [key: string]: string | number | null;
}
export type Specs<F> = { [K in keyof F]: FindingSpec<F[K]> };

const when = (f: Base): string => (f.last ? `, last ${clock(f.last, f.now)}` : '');

/** A command that shows such lines, by the words that each kind of proxy has for it. */
export const tail =
  (nginx: string, others: { [kind: string]: string } = {}) =>
  (f: Base): string | null => {
    const kind = f.kind.startsWith('haproxy') ? 'haproxy' : f.kind;
    const pattern = Object.hasOwn(others, kind) ? others[kind] : nginx;
    return f.source.startsWith('/')
      ? `grep -aE ${shellWord(pattern as string)} ${shellWord(f.source)} | tail -n 5`
      : null;
  };
export const complained = (f: Base, of: string): string => `${f.proxy} complained ${times(f.count)}${when(f)}: ${of}.`;
