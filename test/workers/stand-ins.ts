import { pino } from 'pino';
import type { Planned } from '../../diagnostics/define-check.ts';
import type { Judged } from '../../diagnostics/judge.ts';
import type { Case, EvidenceRow, Path, Verdict } from '../../diagnostics/types.ts';
import type { NewCase } from '../../workers/cases.ts';
import type { Looker } from '../../workers/look-job.ts';
import type { Place } from '../../workers/queues.ts';

export const quiet = pino({ level: 'silent' });

let count = 0;

/** A case about a host, as intake would make it. */
export function aCase(host = `host-${++count}.example.test`, over: Partial<Case> = {}): Case {
  return {
    version: 1,
    id: `c-20261121-${crypto.randomUUID().slice(0, 8)}`,
    at: new Date().toISOString(),
    report: `${host} is down`,
    target: { host, port: 443, path: '/', scheme: 'https' },
    symptoms: {
      kinds: ['unspecified'],
      statuses: [],
      errors: [],
      course: 'steady',
      suspects: [],
      clients: [],
      onlyReporter: false,
    },
    since: null,
    deadlineMs: 5000,
    only: null,
    ...over,
  };
}

export function aPath(host: string): Path {
  return {
    host,
    path: '/',
    port: 443,
    routed: true,
    hops: [],
    others: [],
    nodes: [],
    dns: null,
    trust: [],
    changes: null,
    prometheus: null,
    ambiguous: [],
    unknown: [],
  };
}

export function somePlans(n: number): Planned[] {
  return Array.from({ length: n }, (_, i) => ({
    look: {
      check: 'stand-in',
      vantage: 'endpoint' as const,
      hop: 'app' as const,
      at: { hop: 'shop', part: `shop-${i}` },
      address: `127.0.0.1:${9000 + i}`,
      with: {},
    },
  }));
}

const aPlace: Place = { channel: 'C0000001', thread: null, user: 'U0000001', responseUrl: null };

export function anAsk(over: Partial<NewCase> & { looks?: number } = {}): NewCase {
  const { looks = 3, ...rest } = over;
  const one = rest.case ?? aCase();
  return {
    case: one,
    path: aPath(one.target.host),
    planned: somePlans(looks),
    place: aPlace,
    sources: [`test:${crypto.randomUUID()}`],
    ...rest,
  };
}

/** A look that sees at once that all is well. */
export const quickLook: Looker = async (planned) => [row(planned)];

export function row(planned: Planned): EvidenceRow {
  return { v: 1, look: planned.look, startedAt: new Date().toISOString(), ms: 1, data: { status: 200 } };
}

/** Counts rows and calls the number an answer. */
export function plainJudge(input: Judged): Verdict {
  const { id, target } = input.case;
  const seen = input.evidence.filter((one) => one.blind === undefined).length;
  return {
    version: 1,
    case: id,
    target: { host: target.host, port: target.port, path: target.path },
    answer: 'not-ingress',
    hop: 'app',
    cause: 'app-errors',
    confidence: 0.98,
    because: [],
    ruledOut: [],
    cleared: [],
    blind: [],
    nextStep: 'Read its log.',
    findings: [],
    timeline: [],
    onset: null,
    durationMs: input.durationMs,
    headline: `Not the ingress: ${target.host} answers 500 itself.`,
    says: [`${seen} of ${input.evidence.length} looks saw it.`],
  };
}

/** Waits until something holds, looking every few milliseconds; fails loudly when it never does. */
export async function until<T>(what: string, probe: () => T | Promise<T>, ms = 20_000): Promise<NonNullable<T>> {
  const end = Date.now() + ms;
  for (;;) {
    const value = await probe();
    if (value) return value as NonNullable<T>;
    if (Date.now() > end) throw new Error(`never happened within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
