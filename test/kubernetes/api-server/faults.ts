import type { ServerResponse } from 'node:http';
import { fromTheFuture, type Refusal, refuse, status, tooMany, tooOldList, unauthorized } from './answers.ts';
import type { Ask } from './ask.ts';

/** What goes wrong with requests that match; the first that matches is used. */
export interface Fault {
  /** Only these; left out: all. */
  verb?: Ask['verb'];
  plural?: string;
  namespace?: string;
  /** How many requests it hits; left out: all until it is taken away. */
  times?: number;
  /** Every so many-th request that matches, at random: 0 to 1. */
  share?: number;
  /**
   * A status (401, 403, 404, 410, 429, 500, 503, 504), or `hang`: the connection stays without an answer; `cut`: it is
   * destroyed; `half`: half of the answer comes, then nothing any more; `broken`: half of it, then the end; `slow`: the
   * answer waits `ms` first; `html`: a page of a proxy in between.
   */
  how: number | 'hang' | 'cut' | 'half' | 'broken' | 'slow' | 'html';
  /** Seconds of Retry-After with a 429. */
  retryAfter?: number;
  ms?: number;
}

/** Takes the fault that hits this request, and counts it. */
export function faultFor(faults: Fault[], ask: Ask, random: () => number): Fault | null {
  const found = faults.find(
    (fault) =>
      (fault.verb === undefined || fault.verb === ask.verb) &&
      (fault.plural === undefined || fault.plural === ask.kind.plural) &&
      (fault.namespace === undefined || fault.namespace === ask.namespace) &&
      (fault.times === undefined || fault.times > 0) &&
      (fault.share === undefined || random() < fault.share),
  );
  if (found?.times !== undefined) found.times--;
  return found ?? null;
}

function refusal({ how, retryAfter }: Fault): Refusal {
  if (how === 401) return unauthorized();
  if (how === 410) return tooOldList();
  if (how === 429) return tooMany(retryAfter ?? 1);
  if (how === 504) return fromTheFuture(99_999_999, 400, false);
  if (how === 404) return { status: 404, body: '404 page not found\n' };
  if (how === 503) return status(503, 'ServiceUnavailable', 'the server is currently unable to handle the request');
  return status(Number(how), 'InternalError', 'an error on the server has prevented the request from succeeding');
}

/** Does what the fault says. True: the request is answered (or never will be); false: go on as if nothing was. */
export async function suffer(fault: Fault, response: ServerResponse): Promise<boolean> {
  switch (fault.how) {
    case 'hang':
      return true;
    case 'cut':
      response.destroy();
      return true;
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, fault.ms ?? 1_000));
      return response.destroyed;
    case 'html':
      response.writeHead(200, { 'Content-Type': 'text/html' });
      response.end('<html><body><h1>It works!</h1></body></html>\n');
      return true;
    case 'half':
    case 'broken': {
      // The rest of the answer is what gets lost: the first bytes of it are the real ones.
      const end = response.end.bind(response);
      const half = (body: unknown): ServerResponse => {
        const whole = Buffer.from(String(body ?? ''));
        response.write(whole.subarray(0, Math.ceil(whole.length / 2)));
        return fault.how === 'half' ? response : response.destroy();
      };
      Object.assign(response, { end: (body: unknown) => (body === undefined ? end() : half(body)) });
      return false;
    }
    default:
      refuse(response, refusal(fault), fault.how !== 401);
      return true;
  }
}
