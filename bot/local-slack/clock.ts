/** The workspace's time. It can be moved forward, so that half an hour of waiting costs a test nothing. */
export interface Clock {
  now(): number;
  advance(ms: number): void;
}

/** @param base milliseconds since 1970; the system's clock unless given */
export function createClock(base: () => number = Date.now): Clock {
  let ahead = 0;
  return {
    now: () => base() + ahead,
    advance: (ms) => {
      ahead += ms;
    },
  };
}
