/**
 * How a method can be made to fail:
 * `429` refused with `Retry-After`; `500` an HTML error page; `hang` no answer at all; `drop` the connection is cut before
 * anything was done; `lost-answer` it is cut after the work was done; `error:NAME` Slack's own error NAME.
 */
export type FailMode = '429' | '500' | 'hang' | 'drop' | 'lost-answer' | `error:${string}`;

interface Rule {
  method: string;
  mode: FailMode;
  left: number;
  retryAfter: number;
}

export function isFailMode(value: unknown): value is FailMode {
  return typeof value === 'string' && /^(429|500|hang|drop|lost-answer|error:[a-z_]+)$/.test(value);
}

/** Failures that were ordered for the next calls. */
export class Failures {
  #rules: Rule[] = [];

  /** @param method a method's name or `*` */
  order(method: string, mode: FailMode, times = 1, retryAfter = 1): void {
    this.#rules.push({ method, mode, left: times, retryAfter });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The failure that this call has to suffer, if any; uses it up. */
  next(method: string): { mode: FailMode; retryAfter: number } | null {
    const rule = this.#rules.find((r) => r.left > 0 && (r.method === method || r.method === '*'));
    if (!rule) return null;
    rule.left -= 1;
    this.#rules = this.#rules.filter((r) => r.left > 0);
    return { mode: rule.mode, retryAfter: rule.retryAfter };
  }
}
