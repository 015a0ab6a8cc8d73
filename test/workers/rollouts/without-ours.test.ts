import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Interval, SideCounts } from '../../../diagnostics/rollout/types.ts';
import { withoutOurs } from '../../../workers/rollouts/watch.ts';

const side = (over: Partial<SideCounts>): SideCounts => ({
  requests: 0,
  errors: 0,
  resets: 0,
  connections: 0,
  latency: null,
  handshakes: {},
  endpoints: {},
  ...over,
});
const interval = (source: Interval['source'], both: SideCounts): Interval => ({
  from: '2026-11-24T10:00:00.000Z',
  to: '2026-11-24T10:00:10.000Z',
  source,
  old: both,
  fresh: both,
  blind: [],
});

test('old clients that we play are no handshakes that users lost', () => {
  const counters = interval('counters', side({ requests: 110, handshakes: { all: { tried: 32, failed: 3 } } }));
  const ours = {
    probe: { tried: 10, failed: 0 },
    'schannel-xp': { tried: 1, failed: 1 },
    'java-7': { tried: 1, failed: 0 },
  };
  const probes = interval('probes', side({ requests: 10, handshakes: ours }));
  const { fresh } = withoutOurs(counters, probes);
  assert.deepEqual(fresh.handshakes, { all: { tried: 20, failed: 2 } });
  assert.equal(fresh.requests, 100);
  assert.deepEqual(withoutOurs(counters, null), counters);
});
