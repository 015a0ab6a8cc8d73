import type { Case } from './types.ts';

/** How far back a log is read when nobody said since when, ms. */
const UNSAID_MS = 30 * 60_000;
/** People say a time too late rather than too early; errors just before it belong to it, ms. */
const SLACK_MS = 2 * 60_000;

/** A stretch of time, ISO. */
export interface Window {
  from: string;
  to: string;
}

/**
 * The time in question: from what was said, with some slack, else the last half hour; until the case was opened, so
 * that our own probes are never among what is counted.
 */
export function windowOf(triage: Case): Window {
  const at = Date.parse(triage.at);
  const since = triage.since === null ? at - UNSAID_MS : Math.min(Date.parse(triage.since), at) - SLACK_MS;
  return { from: new Date(since).toISOString(), to: triage.at };
}
