/** Counts and shares as people read them in a rollout's thread (voice.md: a count with its total, percent from 100 on). */

/** "20,110". */
export const number = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');

/** "1.2 %", "0.01 %", "37 %", "0 %": two figures, since small shares are what rollouts are about. */
export function percentOf(part: number): string {
  const value = part * 100;
  if (value === 0 || value >= 99.95) return `${Math.round(value)} %`;
  if (value >= 10) return `${value >= 99 ? value.toFixed(1) : Math.round(value)} %`;
  return `${Number(value.toPrecision(2))
    .toFixed(Math.max(1, Math.min(4, 1 - Math.floor(Math.log10(value)))))
    .replace(/(\.\d+?)0+$/, '$1')
    .replace(/\.0$/, '')} %`;
}

/** "1.2 %" of many, "3 of 12" of few. */
export const shareOf = (bad: number, total: number): string =>
  total >= 100 ? percentOf(bad / total) : `${number(bad)} of ${number(total)}`;

/** "1.2 % of requests", "3 of 12 requests". */
export const shareOfAll = (bad: number, total: number, noun: string): string =>
  total >= 100 ? `${percentOf(bad / total)} of ${noun}s` : `${number(bad)} of ${many(total, noun)}`;

/** "61 of 5,083". */
export const countOf = (bad: number, total: number): string => `${number(bad)} of ${number(total)}`;

/** "31 ms", "2.4 s", "180 ms". */
export function time(seconds: number): string {
  if (seconds < 0.01) return `${Number((seconds * 1000).toPrecision(2))} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  return `${Number(seconds.toPrecision(2))} s`;
}

/** "one request", "3,012 requests". */
export const many = (count: number, noun: string): string =>
  `${number(count)} ${noun}${Math.round(count) === 1 ? '' : 's'}`;

/** "about 2,900": two figures, since it is an estimate. */
export const about = (count: number): string => {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 1);
  return number(Math.ceil(count / step) * step);
};
