import type { Fields } from './types.ts';

/** An error as the Web API tells it: `{ ok: false, error: CODE, ...more }` with status 200. */
export class SlackError extends Error {
  readonly code: string;
  readonly more: Fields;
  constructor(code: string, more: Fields = {}) {
    super(code);
    this.code = code;
    this.more = more;
  }
}
