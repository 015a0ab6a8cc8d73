import type { Draft, ReadScope } from '../define-check.ts';
import type { BurstLimits, BurstTarget, Series } from '../probes/handshake-burst.ts';
import { LATE_MS } from '../probes/proxy-protocol-probe.ts';
import { wilson } from '../stats.ts';

export interface BurstData {
  host: string;
  header: BurstTarget['header'];
  limits: BurstLimits;
  series: Series[];
}

type Counted = {
  address: string;
  host: string;
  header: string;
  seenFrom: string;
  /** Which of the series it was. */
  series: string;
  failed: number;
  total: number;
  /** Where the true share lies, 95 %. */
  low: number;
  high: number;
  perSecond: number;
};

export interface BurstFacts {
  HANDSHAKE_BURST_CLEAR_TEXT: Counted & { lateMs: number; controlFailed: number; controlTotal: number };
  HANDSHAKE_BURST_FAILS: Counted & { how: string; clearText: number };
  HANDSHAKE_BURST_FINE: Counted;
}

const round = (share: number): number => Math.round(share * 1_000) / 1_000;
const failedOf = (one: Series): number => one.total - one.ok;

/** "3 resets, 2 in clear text", the most frequent first. */
function howOf(one: Series): string {
  const kinds: [number, string][] = [
    [one.clearText, 'answered in clear text'],
    [one.reset, 'reset'],
    [one.closed, 'closed without an answer'],
    [one.timeout, 'left without an answer'],
    [one.alert, 'refused with an alert'],
    [one.refused, 'not connected at all'],
  ];
  return kinds
    .filter(([many]) => many > 0)
    .sort(([a], [b]) => b - a)
    .map(([many, what]) => `${many} ${what}`)
    .join(', ');
}

/**
 * Pure: what one address' burst says. Answers in clear text on a TLS port that come only where a header, or the client
 * behind a balancer that holds its header back, was late are the mechanism of `proxy-protocol-header-timeout`;
 * everything else that fails is said and accuses nobody.
 */
export function readBurst(data: BurstData, scope: ReadScope): Draft<BurstFacts>[] {
  const { series, header, host, limits } = data;
  const outside = header === 'none';
  const counted = (one: Series, failed: number): Counted => {
    const { low, high } = wilson(failed, one.total);
    return {
      address: scope.address,
      host,
      header,
      seenFrom: outside ? 'outside' : 'replica',
      series: one.name,
      failed,
      total: one.total,
      low: round(low),
      high: round(high),
      perSecond: limits.perSecond,
    };
  };
  const named = (name: Series['name']): Series | undefined => series.find((one) => one.name === name);
  const control = named(outside ? 'prompt' : 'control');
  const late = named('late');
  const found: Draft<BurstFacts>[] = [];
  const prompt = named('prompt');
  // A listener that parses no header at all answers all of them in clear text: that is another fault.
  const takesIt = prompt !== undefined && prompt.ok > prompt.total / 2;
  // A control that fails too, or is too small to say that it does not, leaves the header out of it.
  const tells =
    takesIt &&
    late !== undefined &&
    control !== undefined &&
    late.clearText > 0 &&
    wilson(late.clearText, late.total).low > wilson(control.clearText, control.total).high;
  if (tells) {
    const control_ = { controlFailed: control.clearText, controlTotal: control.total };
    const facts = { ...counted(late, late.clearText), lateMs: LATE_MS, ...control_ };
    found.push({ code: 'HANDSHAKE_BURST_CLEAR_TEXT', facts });
  }
  for (const one of series)
    if (failedOf(one) > 0 && !(tells && one === late)) {
      const facts = { ...counted(one, failedOf(one)), how: howOf(one), clearText: one.clearText };
      found.push({ code: 'HANDSHAKE_BURST_FAILS', facts });
    }
  if (prompt && prompt.total > 0 && found.length === 0)
    found.push({ code: 'HANDSHAKE_BURST_FINE', facts: counted(prompt, 0) });
  return found;
}
