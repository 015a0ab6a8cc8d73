import { defineCheck, type Planned } from '../define-check.ts';
import { type BurstLimits, type BurstTarget, burstLimits, handshakeBurst } from '../probes/handshake-burst.ts';
import { type BurstData, type BurstFacts, readBurst } from '../readings/handshake-burst.ts';
import { rawRequest } from '../reproduce.ts';
import type { Path, PathHop } from '../types.ts';
import { type Post, postsOf } from '../vantages.ts';
import { duration, percent, share, shellWord } from '../wording.ts';

/** What is reported when connections fail before a word of HTTP. */
const ABOUT_CONNECTIONS = new Set(['handshake', 'reset', 'timeout', 'disconnects']);

/** The proxy whose listener this is, or that stands behind it: its inventory entry says how much is allowed. */
function proxyAt(path: Path, post: Post): PathHop | null {
  const i = path.hops.findIndex((hop) => hop.name === post.at.hop);
  return path.hops.slice(Math.max(0, i)).find((hop) => hop.hop === 'proxy') ?? null;
}

const SERIES: { [name: string]: string } = {
  prompt: 'at once',
  late: 'late',
  control: 'without a late header',
};

/**
 * Faults that only many new connections show. Off unless `settings.handshake_burst` of the proxy says how many
 * handshakes are allowed (a number, or `{ connections, perSecond }`), and then only where connections are complained
 * about; at the public address as users come, at each replica with the header of the hop in front, and without.
 */
export const handshakeBurstCheck = defineCheck<BurstData, BurstFacts>({
  id: 'handshake-burst',
  title: 'Many handshakes at once',
  asks: 'Do handshakes fail when many come at once, or when clients are slow, and is it the PROXY header?',
  vantages: ['public', 'load-balancer', 'proxy-replica'],
  budgetMs: 12_000,
  plan({ case: triage, path }) {
    const { kinds } = triage.symptoms;
    const wanted = triage.only?.includes('handshake-burst') || kinds.some((kind) => ABOUT_CONNECTIONS.has(kind));
    if (!wanted || !path.routed) return [];
    return postsOf(path, triage.target).flatMap((post): Planned[] => {
      const proxy = proxyAt(path, post);
      const limits = burstLimits(proxy?.settings.handshake_burst);
      const fits = post.hop === 'proxy' || post.hop === 'load-balancer';
      if (!limits || !fits || post.scheme !== 'https') return [];
      const header: BurstTarget['header'] =
        post.hop !== 'proxy' || post.vantage === 'public'
          ? 'none'
          : post.declaredSends === 'proxy-v1'
            ? 'v1'
            : post.declaredSends === 'proxy-v2'
              ? 'local'
              : 'none';
      const { vantage, hop, at, address } = post;
      return [
        {
          look: {
            check: 'handshake-burst',
            vantage,
            hop,
            at,
            address,
            with: { host: triage.target.host, header, limits: { ...limits } },
          },
        },
      ];
    });
  },
  async look(io, look, address, signal) {
    const { host, header, limits } = look.with as {
      host: string;
      header: BurstTarget['header'];
      limits: { [key in keyof BurstLimits]: number };
    };
    return { host, header, limits, series: await handshakeBurst(io, { address, host, header }, limits, signal) };
  },
  read: readBurst,
  findings: {
    HANDSHAKE_BURST_CLEAR_TEXT: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'Connections whose PROXY header comes late are answered in clear text',
      says: (f) =>
        `${share(f.failed, f.total)} handshakes at ${f.address} were answered in clear text where ${f.seenFrom === 'outside' ? 'the client' : 'the PROXY header'} came ${duration(f.lateMs)} late (95 %: ${percent(f.low)} to ${percent(f.high)}), ${share(f.controlFailed, f.controlTotal)} ${f.seenFrom === 'outside' ? 'where it did not' : 'where no header could be late'}.`,
      next: () =>
        'Update the proxy: Traefik from 2.11.0 and 3.0.0 on waits for the header. Until then have the balancer send it with its first packet.',
      reproduce: (f) =>
        `late=0.4; for i in $(seq 20); do ${rawRequest(f, { header: f.seenFrom !== 'outside', late: true })} | head -n 1 & done | sort | uniq -c`,
    },
    HANDSHAKE_BURST_FAILS: {
      hop: 'proxy',
      direction: 'context',
      title: 'Some of many handshakes fail',
      says: (f) =>
        `${share(f.failed, f.total)} handshakes at ${f.address} (${SERIES[f.series] ?? f.series}, ${f.perSecond} new connections a second) failed: ${f.how} (95 %: ${percent(f.low)} to ${percent(f.high)}).`,
      next: (f) => `Look at the limits of connections, workers and the backlog behind ${f.address}.`,
      reproduce: (f) =>
        `for i in $(seq 50); do curl -sk -m 5 -o /dev/null -w '%{exitcode}\\n' ${f.header === 'none' ? '' : '--haproxy-protocol '}--connect-to ${shellWord(`::${f.address}`)} ${shellWord(`https://${f.host}/`)} & done | sort | uniq -c`,
    },
    HANDSHAKE_BURST_FINE: {
      hop: 'proxy',
      direction: 'context',
      title: 'Many handshakes at once get through',
      says: (f) =>
        `${f.total} of ${f.total} handshakes at ${f.address} got through, ${f.perSecond} new connections a second: at most ${percent(f.high)} fail (95 %).`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
  },
});
