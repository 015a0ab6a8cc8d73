import type { Io } from './io/io.ts';
import type { BlindReason, Case, Direction, Hop, Json, Look, Path, PathHop, Vantage } from './types.ts';

/** What a check may use while it plans and reads: the case and the path, both plain data. */
export interface Scope {
  case: Case;
  path: Path;
}

/** What a reading knows besides its own row: declared facts, never another row. */
export interface ReadScope extends Scope {
  look: Look;
  /** The hop of the path (or the other proxy) that the look was about, where there is one. */
  hop: PathHop | null;
  /** The address that was really asked, after resolution. */
  address: string;
  /** When the look began, ISO: readings have no clock of their own. */
  at: string;
}

/** A look to be made, or one that is known beforehand to be blind, with what to switch on. */
export interface Planned {
  look: Look;
  blind?: { reason: BlindReason; detail: string };
}

export type Facts = { [key: string]: Json };

/** One kind of finding: its texts are functions of typed facts, and nobody ever matches on text. */
export interface FindingSpec<F> {
  hop: Hop;
  direction: Direction;
  /** What the finding is called in lists. */
  title: string;
  /** One or two sentences for people: counts with their totals, addresses, times with their zone. */
  says: (facts: F) => string;
  /** One next step, for whoever can do it now. */
  next: (facts: F) => string;
  /** A command that shows the same thing when pasted; null where no tool that people have can show it. */
  reproduce: (facts: F) => string | null;
}

/** What `read` returns: a code with its facts; hop and direction only where they differ from the catalogue's. */
export type Draft<F> = {
  [K in keyof F & string]: { code: K; facts: F[K]; hop?: Hop; direction?: Direction; part?: string };
}[keyof F & string];

/**
 * One question, asked of one or more addresses. `look` does IO and never judges, `read` judges and never waits.
 * `D` is what a look returns, `F` maps each finding code to its facts.
 */
export interface Check<D = Json, F = Record<string, Facts>> {
  /** File name, heading and fixture folder. */
  id: string;
  title: string;
  /** The question in plain words. */
  asks: string;
  vantages: readonly Vantage[];
  /** Time that one look may take, ms. */
  budgetMs: number;
  /** Pure: which looks does this case need? */
  plan: (scope: Scope) => Planned[];
  /** One look at one address. What the peer does is data; throws only when it could not look. */
  look: (io: Io, look: Look, address: string, signal: AbortSignal) => Promise<D>;
  /** Pure: what does this one row say? */
  read: (data: D, scope: ReadScope) => Draft<F>[];
  findings: { [K in keyof F]: FindingSpec<F[K]> };
}

/** Gives a check its types; returns it as every other part sees it. */
export function defineCheck<D, F extends { [K in keyof F]: Facts }>(check: Check<D, F>): Check {
  return check as unknown as Check;
}
