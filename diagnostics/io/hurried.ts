import type { Io } from './io.ts';

/** The same Io, whose requests end as unanswered soon after `hurry` fires: what was seen by then is kept, where ending the look would leave it blind. */
export const hurriedIo = (io: Io, hurry: AbortSignal): Io => ({
  ...io,
  request: (spec, signal) => io.request({ ...spec, hurry }, signal),
});
