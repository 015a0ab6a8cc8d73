import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding, Verdict } from '../../../diagnostics/types.ts';
import { blankHop } from '../../../proxy/inventory/blank.ts';
import { type EndedCase, rolloutNotes, tieCase } from '../../../workers/rollouts/tie.ts';
import type { RolloutRecord, TiedCase } from '../../../workers/rollouts/types.ts';
import { aCase, aPath } from '../stand-ins.ts';
import { aJudgement, aRecord, iso, T0 } from './stand-ins.ts';

const HOST = 'shop.example.test';
const running = aRecord({
  state: 'running',
  stage: 0,
  stages: [{ startedAt: iso(T0), endedAt: null, judgement: null, judgedAt: null }, null, null],
});
const sides = {
  old: { hops: new Set(['old']), instances: null },
  fresh: { hops: new Set(['new']), instances: null },
};
const path = (...hops: string[]) => ({ ...aPath(HOST), hops: hops.map((name) => blankHop(name, 'proxy', 'traefik')) });
const finding = (hop: string, code = 'TLS_REFUSED', over: Partial<Finding> = {}): Finding => ({
  code,
  check: 'tls',
  hop: 'proxy',
  direction: 'implicates',
  address: null,
  vantage: null,
  about: { hop, part: `${hop}-1` },
  at: iso(T0),
  says: `${hop} refuses.`,
  facts: {},
  reproduce: null,
  next: '',
  ...over,
});
const looked = [
  { check: 'tls', hop: 'old', part: 'old-1' },
  { check: 'tls', hop: 'new', part: 'new-1' },
];

/** A case of ten minutes after the first stage, through both sides, about which nobody can tell anything. */
function ended(over: Partial<EndedCase> = {}, verdict: Partial<Verdict> = {}): EndedCase {
  const { symptoms } = aCase(HOST);
  const said = {
    answer: 'inconclusive',
    findings: [],
    blind: [],
    onset: null,
    headline: "Can't tell yet.",
    ...verdict,
  };
  return {
    id: 'c-20261124-abcd',
    host: HOST,
    at: iso(T0 + 600_000),
    symptoms,
    path: path('edge', 'old', 'new'),
    verdict: said as unknown as Verdict,
    looked,
    by: 'U0000007',
    ...over,
  };
}
const ingress = { answer: 'ingress' as const };
const accused = { ...aCase(HOST).symptoms, suspects: ['traefik'] };

const TABLE: [
  what: string,
  one: EndedCase,
  guilt: TiedCase['guilt'] | null,
  why: RegExp | null,
  record?: RolloutRecord,
][] = [
  ['neither on the path nor named', ended({ path: path('other') }), null, null],
  ['named, on another path', ended({ path: path('other'), symptoms: accused }), 'cleared', /does not go through/],
  ['named, no path known', ended({ path: aPath(HOST), symptoms: accused }), 'open', /No path/],
  ['before the rollout began', ended(), null, null, aRecord()],
  [
    'long after its end',
    ended({ at: iso(T0 + 8 * 3_600_000) }),
    null,
    null,
    { ...running, state: 'done', endedAt: iso(T0 + 3_600_000) },
  ],
  [
    'it began before the first stage',
    ended({}, { ...ingress, onset: { at: iso(T0 - 2_400_000), from: 'counters' } }),
    'cleared',
    /began at 09:20 UTC, before the first stage \(10:00 UTC\)/,
  ],
  [
    'it began with it: the time alone convicts nobody',
    ended({}, { ...ingress, onset: { at: iso(T0 + 5_000), from: 'counters' } }),
    'open',
    /which side/,
  ],
  [
    'the verdict: not the ingress',
    ended({}, { answer: 'not-ingress', headline: 'Not the ingress: app.' }),
    'cleared',
    /app/,
  ],
  [
    'the new side fails, the old one was looked at and does not',
    ended({}, { ...ingress, findings: [finding('new')] }),
    'confirmed',
    /new side fails and the old one does not: new refuses/,
  ],
  [
    'the new side fails, nobody looked at the old one',
    ended({ looked: looked.slice(1) }, { ...ingress, findings: [finding('new')] }),
    'open',
    /which side/,
  ],
  [
    'the new side fails, the look at the old one was blind',
    ended(
      {},
      {
        ...ingress,
        findings: [finding('new')],
        blind: [{ check: 'tls', reason: 'deadline', detail: '', hop: 'proxy' }],
      },
    ),
    'open',
    /which side/,
  ],
  [
    'both fail alike',
    ended({}, { ...ingress, findings: [finding('new'), finding('old')] }),
    'cleared',
    /Both sides fail alike/,
  ],
  [
    'only the old side fails',
    ended({}, { ...ingress, findings: [finding('old')] }),
    'cleared',
    /old side fails and the new one does not/,
  ],
  [
    'what clears says nothing against it',
    ended({}, { ...ingress, findings: [finding('new', 'TLS_OK', { direction: 'clears' })] }),
    'open',
    /which side/,
  ],
  ['nobody can tell', ended(), 'open', /does not say which hop/],
  [
    'nobody can tell, and the stage is judged badly',
    ended(),
    'open',
    /judged badly: Stop at 10 %/,
    {
      ...running,
      stages: [
        {
          ...(running.stages[0] as NonNullable<RolloutRecord['stages'][0]>),
          judgement: aJudgement({ result: 'stop', headline: 'Stop at 10 %.' }),
        },
        null,
        null,
      ],
    },
  ],
];

for (const [what, one, guilt, why, record = running] of TABLE)
  test(`a case is tied or not: ${what}`, () => {
    const tied = tieCase(one, record, sides);
    assert.equal(tied?.guilt ?? null, guilt);
    if (why) assert.match(tied?.why ?? '', why);
    if (tied) assert.deepEqual([tied.case, tied.host, tied.by], [one.id, HOST, 'U0000007']);
  });

test('sides of one hop are told apart by their instances; unnamed ones are all that the other side does not name', () => {
  const shared = {
    old: { hops: new Set(['edge']), instances: new Set(['edge-1']) },
    fresh: { hops: new Set(['edge']), instances: null },
  };
  const at = (part: string) => finding('edge', 'TLS_REFUSED', { about: { hop: 'edge', part } });
  const both = ['edge-1', 'edge-2'].map((part) => ({ check: 'tls', hop: 'edge', part }));
  const one = ended({ path: path('edge'), looked: both }, { ...ingress, findings: [at('edge-2')] });
  assert.equal(tieCase(one, running, shared)?.guilt, 'confirmed');
  const other = ended({ path: path('edge'), looked: both }, { ...ingress, findings: [at('edge-1')] });
  assert.equal(tieCase(other, running, shared)?.guilt, 'cleared');
});

test('one line for the verdict: what was said of the case, or that the rollout is on its path', () => {
  const tied = { case: 'c-1', host: HOST, at: iso(T0), guilt: 'cleared' as const, why: 'Both sides fail alike: x.' };
  const record = { ...running, cases: [tied] };
  assert.deepEqual(rolloutNotes('c-1', path('other'), [record]), [
    'The rollout Traefik 2.10.7 → 3.7 (10 % since 10:00 UTC): cleared. Both sides fail alike: x.',
  ]);
  assert.deepEqual(rolloutNotes('c-2', path('old'), [record]), [
    'The rollout Traefik 2.10.7 → 3.7 (10 % since 10:00 UTC) is on this path.',
  ]);
  assert.deepEqual(rolloutNotes('c-2', path('other'), [record]), []);
  assert.deepEqual(rolloutNotes('c-2', path('old'), [aRecord()]), []);
});
