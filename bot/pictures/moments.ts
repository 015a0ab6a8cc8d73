const DAY = 24 * 60 * 60 * 1000;
const SHORT = 10 * 60 * 1000;

/** Pure: how times between two others are written: with seconds in a short stretch, with the day in a long one. UTC, which the caller says. */
export function moments(from: number, to: number): (ms: number) => string {
  const span = to - from;
  return (ms) => {
    const iso = new Date(ms).toISOString();
    if (span >= DAY) return `${iso.slice(5, 10)} ${iso.slice(11, 16)}`;
    return span < SHORT ? iso.slice(11, 19) : iso.slice(11, 16);
  };
}
