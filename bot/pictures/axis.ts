/** Where the lines of a grid stand, and what is written beside them. Pure. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
];
const LONG_STEPS = [2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR, 7 * 24 * HOUR];

/** A tick: where it stands and what it says. */
interface Tick {
  at: number;
  label: string;
}

/** Times (ms, UTC) between two others, on round minutes or hours: at most `most`. */
export function timeTicks(from: number, to: number, most = 8): Tick[] {
  const steps = [...STEPS, ...LONG_STEPS];
  const step =
    steps.find((one) => (to - from) / one <= most) ?? Math.ceil((to - from) / most / (24 * HOUR)) * 24 * HOUR;
  const ticks: Tick[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const iso = new Date(at).toISOString();
    const label = step >= 24 * HOUR ? iso.slice(5, 10) : step < MINUTE ? iso.slice(11, 19) : iso.slice(11, 16);
    ticks.push({ at, label });
  }
  return ticks;
}

/** The least round number that is at least `value`. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Shares 0 to `top` in four steps, as percent. */
export function shareTicks(top: number): Tick[] {
  return [0, 0.25, 0.5, 0.75, 1].map((part) => ({ at: top * part, label: `${number(top * part * 100)} %` }));
}

/** A number as short as it can be told: `0.25`, `12`, `3.4k`. */
export function number(value: number): string {
  if (value >= 1e6) return `${trim(value / 1e6)}M`;
  if (value >= 1e4) return `${trim(value / 1e3)}k`;
  return trim(value);
}

const trim = (value: number): string => String(Number(value.toPrecision(3)));
