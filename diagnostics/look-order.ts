import type { Planned } from './define-check.ts';

/**
 * Which looks begin first where not all can at once: what tells most for what it costs. `tells`: in how many of 166 incidents
 * the verdict rests on one of its findings; `ms`: what one look takes, median (both measured on the suite's saved evidence).
 * Checks that are not named begin after these, in the order of their names.
 */
export const LOOK_ORDER: readonly { check: string; tells: number; ms: number; because: string }[] = [
  {
    check: 'path-bisect',
    tells: 49,
    ms: 62,
    because: 'what users meet, and how far in it is the same: the rest explains it',
  },
  { check: 'endpoint-answers', tells: 49, ms: 32, because: 'clears or convicts the application by itself' },
  { check: 'proxy-protocol', tells: 14, ms: 33, because: 'the longest wait of all where a listener is silent' },
  { check: 'tls', tells: 14, ms: 38, because: 'certificates and policies convict alone' },
  { check: 'upstream-attribution', tells: 27, ms: 9, because: 'whose errors they were in the time in question' },
  { check: 'proxy-complaints', tells: 16, ms: 12, because: 'the proxy itself says why' },
  { check: 'route-owner', tells: 6, ms: 6, because: 'who serves the host' },
  { check: 'config-reloads', tells: 4, ms: 19, because: 'a refused configuration explains many other findings' },
  {
    check: 'traffic-over-time',
    tells: 1,
    ms: 1016,
    because: 'two samples a second apart take their second, so they begin early',
  },
];

const rank = new Map(LOOK_ORDER.map(({ check }, i) => [check, i]));

/** Pure: the numbers of planned looks in the order in which they should begin. The evidence keeps the order of the plan. */
export const startOrder = (planned: Planned[]): number[] =>
  [...planned.keys()].sort((a, b) => rankOf(planned[a]) - rankOf(planned[b]) || a - b);

const rankOf = (planned: Planned | undefined): number =>
  planned && !planned.blind ? (rank.get(planned.look.check) ?? LOOK_ORDER.length) : LOOK_ORDER.length;
