import type { Counted } from '../../../diagnostics/balance/balance.ts';
import type { AccessRow } from '../logs/access-log.ts';
import { type Services, serviceIn } from './balance-services.ts';

/** Pairs of service and endpoint that one log may name; what comes after them is counted as one number only. */
const MOST_PAIRS = 20_000;

interface Running {
  endpoint: Counted;
  /** Welford's sums, since a log may have a billion lines. */
  timed: number;
  squares: number;
  last: number;
  lastAt: number;
}
interface Total {
  requests: number;
  from: number | null;
  to: number | null;
  /** The latest begin of any request, ms. */
  begun: number;
}

/** Logs are in the order of ends, in whole seconds mostly: a slow endpoint's first line stands late, ms. */
const CLOCK_MS = 1_000;

/** Counts rows one by one: what each endpoint got, how long it took, and when it was first and last asked. */
export function rowCounter(): {
  /** Counts a row under its own service; rows that asked nobody are only counted. */
  add(row: AccessRow): void;
  /** Counts a row under a name and an address that the caller knows better. */
  put(name: string, address: string, row: AccessRow): void;
  end(): { services: Services; rows: number; asked: number; beyond: number };
} {
  const services: Services = new Map();
  const running = new Map<string, Map<string, Running>>();
  const totals = new Map<string, Total>();
  let rows = 0;
  let asked = 0;
  let pairs = 0;
  let beyond = 0;

  function begun(name: string, address: string, before: number): Running | null {
    const known = running.get(name)?.get(address);
    if (known) return known;
    if (pairs++ >= MOST_PAIRS) return null;
    const endpoint = serviceIn(services, name).at(address);
    endpoint.before = before;
    const one = { endpoint, timed: 0, squares: 0, last: 0, lastAt: 0 };
    const of = running.get(name) ?? new Map<string, Running>();
    running.set(name, of);
    of.set(address, one);
    return one;
  }

  function put(name: string, address: string, row: AccessRow): void {
    // The first try is what the proxy chose; a retry is drawn from what is left.
    const first = row.upstreams[0];
    if (!first) return;
    const total = totals.get(name) ?? { requests: 0, from: null, to: null, begun: 0 };
    const began = (row.at ?? 0) - (row.seconds ?? 0) * 1000;
    const late = row.at === null || total.from === null || began > total.from + CLOCK_MS;
    const one = begun(name, address, late ? total.requests : 0);
    if (!one) {
      beyond++;
      return;
    }
    totals.set(name, total);
    total.requests++;
    total.from ??= row.at;
    total.to = row.at ?? total.to;
    const { endpoint } = one;
    endpoint.requests++;
    endpoint.errors = (endpoint.errors ?? 0) + ((first.status ?? row.status) >= 500 ? 1 : 0);
    one.last = total.requests;
    one.lastAt = Math.max(one.lastAt, row.at ?? 0);
    total.begun = Math.max(total.begun, began);
    if (first.seconds === null) return;
    one.timed++;
    const off = first.seconds - (endpoint.seconds ?? 0);
    endpoint.seconds = (endpoint.seconds ?? 0) + off / one.timed;
    one.squares += off * (first.seconds - endpoint.seconds);
  }

  return {
    put,
    add(row) {
      rows++;
      const first = row.upstreams[0];
      if (!first) return;
      asked++;
      put(row.service ?? row.host ?? 'all', first.address, row);
    },
    end() {
      for (const [name, of] of running) {
        const total = totals.get(name);
        const service = serviceIn(services, name);
        const iso = (ms: number | null | undefined): string | null =>
          typeof ms === 'number' ? new Date(ms).toISOString() : null;
        service.dealt = { ...service.dealt, from: iso(total?.from), to: iso(total?.to) };
        for (const one of of.values()) {
          const left = one.lastAt === 0 || (total?.begun ?? 0) > one.lastAt + CLOCK_MS;
          one.endpoint.after = left ? (total?.requests ?? 0) - one.last : 0;
          if (one.timed > 1) one.endpoint.deviation = Math.sqrt(one.squares / (one.timed - 1));
        }
      }
      return { services, rows, asked, beyond };
    },
  };
}
