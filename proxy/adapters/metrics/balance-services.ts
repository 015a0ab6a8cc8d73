import type { Counted, Dealt } from '../../../diagnostics/balance/balance.ts';

/** What was counted for one service, and how it was dealt out. */
interface CountedService {
  endpoints: Map<string, Counted>;
  dealt: Dealt;
}
/** By name of the service, as the proxy calls it. */
export type Services = Map<string, CountedService>;

export const none = (address: string): Counted => ({ address, requests: 0, errors: null, seconds: null, weight: null });

/** The service of that name, begun if there was none, and its endpoints likewise. */
export function serviceIn(services: Services, name: string): CountedService & { at(address: string): Counted } {
  const service = services.get(name) ?? { endpoints: new Map<string, Counted>(), dealt: {} };
  services.set(name, service);
  return {
    get endpoints() {
      return service.endpoints;
    },
    get dealt() {
      return service.dealt;
    },
    set dealt(dealt) {
      service.dealt = dealt;
    },
    at(address) {
      const endpoint = service.endpoints.get(address) ?? none(address);
      service.endpoints.set(address, endpoint);
      return endpoint;
    },
  };
}

const plus = (a: number | null | undefined, b: number | null | undefined): number | null =>
  typeof a === 'number' || typeof b === 'number' ? (a ?? 0) + (b ?? 0) : null;

/** Counters of two readings of one page as their difference; a counter that went back was reset and counts from zero. */
export function differenceOf(before: Services, after: Services): Services {
  const out: Services = new Map();
  for (const [name, { endpoints, dealt }] of after) {
    const then = before.get(name);
    const service = serviceIn(out, name);
    service.dealt = { ...dealt, ...(then?.dealt.to && { from: then.dealt.to }) };
    for (const [address, now] of endpoints) {
      const was = then?.endpoints.get(address);
      const reset = was !== undefined && now.requests < was.requests;
      const part = (value: number | null | undefined, old: number | null | undefined): number | null =>
        typeof value !== 'number' ? null : reset || typeof old !== 'number' || value < old ? value : value - old;
      const opened = part(now.connections, was?.connections);
      service.endpoints.set(address, {
        ...now,
        requests: part(now.requests, was?.requests) ?? 0,
        errors: part(now.errors, was?.errors),
        // Connections that stay open are what requests went over; new ones are the least there were.
        connections: opened === null ? null : Math.max(opened, now.inflight ?? 0),
      });
    }
  }
  return out;
}

/** Replicas of one proxy together: counts are added, times averaged by requests. Order in time is lost, so ages by it too. */
export function sumOf(all: Services[]): Services {
  const out: Services = new Map();
  for (const services of all) {
    for (const [name, { endpoints, dealt }] of services) {
      const service = serviceIn(out, name);
      const [from, to] = [service.dealt, dealt].reduce<[string | null, string | null]>(
        ([a, b], d) => [
          [a, d.from ?? null].filter((x) => x !== null).sort()[0] ?? null,
          [b, d.to ?? null]
            .filter((x) => x !== null)
            .sort()
            .at(-1) ?? null,
        ],
        [null, null],
      );
      service.dealt = { ...dealt, ...service.dealt, from, to };
      for (const [address, { before: _, after: __, ...one }] of endpoints) {
        const sum = service.endpoints.get(address);
        if (!sum) {
          service.endpoints.set(address, one);
          continue;
        }
        const requests = sum.requests + one.requests;
        const seconds =
          sum.seconds === null || one.seconds === null
            ? (sum.seconds ?? one.seconds)
            : (sum.seconds * sum.requests + one.seconds * one.requests) / Math.max(1, requests);
        Object.assign(sum, {
          requests,
          seconds,
          errors: plus(sum.errors, one.errors),
          connections: plus(sum.connections, one.connections),
          inflight: plus(sum.inflight, one.inflight),
          deviation: Math.max(sum.deviation ?? 0, one.deviation ?? 0) || null,
        });
      }
    }
  }
  return out;
}
