import type { HeldBack, Setting } from '../../../diagnostics/io/proxy-settings.ts';
import type { Directive } from '../nginx-config.ts';
import { find } from '../nginx-config.ts';
import { whereOf } from '../nginx-scope.ts';

/** Requests per second that each zone lets through: `rate=5r/s`, `rate=30r/m`. */
function rates(directives: Directive[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const zone of find(directives, 'limit_req_zone')) {
    const name = zone.args.map((arg) => /^zone=([^:]+)/.exec(arg)?.[1]).find((one) => one !== undefined);
    const rate = zone.args.map((arg) => /^rate=(\d{1,9})r\/([sm])$/.exec(arg)).find((one) => one !== null);
    if (name === undefined || !rate) continue;
    found.set(name, Number(rate[1]) / (rate[2] === 'm' ? 60 : 1));
  }
  return found;
}

/** What one `limit_req` lets wait; null: it refuses at once, or lets a burst through at once (`nodelay`). */
function heldBy(limit: Directive, at: string, zones: Map<string, number>): HeldBack | null {
  const value = (key: string): string | undefined =>
    limit.args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1);
  const perSecond = zones.get(value('zone') ?? '') ?? 0;
  const waiting = Number(value('burst') ?? 0) - Number(value('delay') ?? 0);
  if (!(perSecond > 0) || !(waiting > 0) || limit.args.includes('nodelay')) return null;
  return { perSecond, waiting, seconds: Math.round((100 * waiting) / perSecond) / 100, at };
}

/** A block and its locations, each with the limits that it states itself. */
function* stated(block: Directive[], at: string): Generator<{ limit: Directive; at: string }> {
  for (const one of block) {
    if (one.name === 'limit_req') yield { limit: one, at };
    if (one.name === 'location' && one.block) yield* stated(one.block, one.args.at(-1) ?? at);
  }
}

/**
 * Pure: how long a server, or a location in it, lets requests wait that come faster than its rate (ngx_http_limit_req_module:
 * what exceeds the rate is delayed up to `burst`, unless `nodelay`); the longest such wait. undefined: none.
 */
export function heldBack(directives: Directive[], server: Directive): Setting<HeldBack> | undefined {
  const zones = rates(directives);
  if (zones.size === 0) return undefined;
  let longest: Setting<HeldBack> | undefined;
  for (const { limit, at } of stated(server.block ?? [], '/')) {
    const value = heldBy(limit, at, zones);
    if (value && value.seconds > (longest?.value.seconds ?? 0)) longest = { value, where: whereOf(limit) };
  }
  return longest;
}
