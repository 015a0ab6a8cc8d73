/** Something that happened, from whatever source told it. Names and texts are as they came: escape them. */
export interface Happened {
  /** ISO. */
  at: string;
  /** What it happened to: `web/deployment/shop`, `edge-1`, a rollout's title. */
  object: string;
  /** `rollout`, `reload`, `inventory`, … */
  kind: string;
  summary: string;
  by?: string;
}

/** What is known of a stretch of time, and what is not, a line each. */
export interface Known {
  happened: Happened[];
  blind: string[];
}

/** A source that takes longer than this is not waited for: a person is answered within Slack's three seconds, ms. */
const SOURCE_MS = 1_700;

/** The result of some work, or null when it takes longer than `ms` or fails. Never rejects. */
export async function inTime<T>(work: Promise<T>, ms: number = SOURCE_MS): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  return Promise.race([work.catch(() => null), late]).finally(() => clearTimeout(timer));
}
