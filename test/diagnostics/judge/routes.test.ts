import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type Judged, judge } from '../../../diagnostics/judge.ts';
import type { Verdict } from '../../../diagnostics/types.ts';

type Twist = (saved: Judged) => void;

/**
 * Cases of real Traefiks: `redirect-loop` behind a balancer that ends TLS, with an endpoint that answers 200, and
 * `route-wrong`, in which another service than the host's own answers 404.
 */
function verdictOf(name: 'redirect-loop' | 'route-wrong', ...twists: Twist[]): Verdict {
  const file = new URL(`../golden/${name}.json.gz`, import.meta.url);
  const saved = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Judged;
  for (const twist of twists) twist(saved);
  return judge(saved);
}
const without =
  (check: string): Twist =>
  (saved) => {
    saved.evidence = saved.evidence.filter((row) => row.look.check !== check);
  };
const withoutRoutes = without('route-owner');
const applicationRedirects: Twist = (saved) => {
  for (const row of saved.evidence)
    if (row.look.check === 'endpoint-answers' && !row.blind)
      for (const attempt of (row.data as unknown as { attempts: { status: number }[] }).attempts) attempt.status = 302;
};

test("a loop is the proxy's where its routes say so, or where the application does not redirect", () => {
  for (const twists of [[], [withoutRoutes], [applicationRedirects]]) {
    const { hop, cause } = verdictOf('redirect-loop', ...twists);
    assert.deepEqual([hop, cause], ['proxy', 'redirect-loop']);
  }
});

test('a loop that the application may have made as well accuses nobody', () => {
  const verdict = verdictOf('redirect-loop', withoutRoutes, applicationRedirects);
  assert.equal(verdict.answer, 'inconclusive', verdict.headline);
});

/** The host's own router is out of service, so that one for any host takes its requests. */
const disabled: Twist = (saved) => {
  for (const row of saved.evidence)
    if (row.look.check === 'route-owner' && !row.blind) {
      const data = row.data as unknown as { matching: { name: string }[] };
      const own = data.matching.find(({ name }) => name === 'webshop@file') ?? assert.fail('no such router');
      const pages = {
        ...own,
        name: 'error-pages@file',
        rule: 'PathPrefix(`/`)',
        service: 'error-pages',
        covers: 'any',
      };
      Object.assign(data, { matching: [{ ...own, ok: false, error: 'no such middleware' }, pages] });
    }
};

test("a 404 with somebody else's page: the host's own route is out of service, and no endpoint need say so", () => {
  const verdict = verdictOf('route-wrong', disabled, without('endpoint-answers'));
  assert.deepEqual(
    [verdict.hop, verdict.cause, verdict.because[0]],
    ['proxy', 'route-missing', 'ROUTE_OUT_OF_SERVICE'],
  );
  assert.match(verdict.headline, /no working route for webshop\.example\.test and its callers get 404/);
  assert.equal(verdictOf('route-wrong', withoutRoutes, without('endpoint-answers')).answer, 'inconclusive');
});
