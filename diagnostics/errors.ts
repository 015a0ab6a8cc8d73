/** Errors that are ours to report: one message for a person, one exit code (DESIGN 4.1). */

/** Exit codes of the command line, after sysexits.h. */
export const EXIT = {
  'wrong-usage': 64,
  unreadable: 65,
  unavailable: 69,
  'our-bug': 70,
  'not-allowed': 77,
} as const;
type ErrorCode = keyof typeof EXIT;

/**
 * A problem that a person can do something about. `message` names what, where and why in one line.
 * Never used for what a probed peer does: that is evidence.
 */
export class TriageError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'TriageError';
    this.code = code;
  }
}

/** The first line of an error's message, whatever was thrown. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split('\n', 1)[0] ?? '';
}
