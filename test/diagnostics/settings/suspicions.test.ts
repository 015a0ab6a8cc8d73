import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRows } from '../../../diagnostics/findings.ts';
import { sceneOf } from '../../../diagnostics/scene.ts';
import {
  appIdleShorter,
  balancerIdle,
  configuredTimeout,
  headerSettingsDisagree,
} from '../../../diagnostics/suspicions/settings.ts';
import type { Rule } from '../../../diagnostics/suspicions/suspicion.ts';
import type { Case, EvidenceRow, Finding, Path, Symptoms } from '../../../diagnostics/types.ts';

interface Fixture {
  case: Case;
  path: Path;
  row: EvidenceRow;
}

const fixture = (name: string): Fixture =>
  JSON.parse(readFileSync(new URL(`../checks/${name}.json`, import.meta.url), 'utf8')) as Fixture;

const finding = (code: string, facts: Finding['facts'], over: Partial<Finding> = {}): Finding => ({
  code,
  check: 'x',
  hop: 'proxy',
  direction: 'context',
  address: '127.0.0.1:1',
  vantage: 'public',
  about: { hop: 'public', part: null },
  at: '2026-11-21T20:00:00.000Z',
  says: 'x.',
  facts,
  reproduce: null,
  next: 'x.',
  ...over,
});
const answered = finding('REQUEST_ANSWERED', { count: 9, total: 9, status: 200, ms: 20 });
const closed = (count: number): Finding =>
  finding('REQUEST_FAILED', { count, total: 9, how: 'CLOSED', error: 'CLOSED', status: null, maker: null, ms: 3 });
const endpoint = (code: string, facts: Finding['facts'] = { total: 3, count: 3, status: 200 }): Finding =>
  finding(code, facts, {
    check: 'endpoint-answers',
    about: { hop: 'shop', part: 'shop-a' },
    address: '127.0.0.1:29001',
  });

/** What a rule says of a row that real configurations made, beside what else was found, for a report. */
function judge(rule: Rule, name: string, others: Finding[], symptoms: Partial<Symptoms> = {}) {
  const { case: triage, path, row } = fixture(name);
  const { findings } = readRows([row], triage, path);
  const told = { ...triage, symptoms: { ...triage.symptoms, ...symptoms } };
  return rule(sceneOf(told, path, [...findings, ...others], [], []));
}

test('PROXY header settings convict only where connections end that way', () => {
  const name = 'proxy-header-settings/PROXY_HEADER_SETTINGS_DISAGREE.unexpected';
  const guilty = judge(headerSettingsDisagree, name, [closed(9)]);
  assert.deepEqual([guilty?.cause, guilty?.explains], ['proxy-protocol-unexpected', 1]);
  assert.equal(judge(headerSettingsDisagree, name, [answered]), null, 'users are served: another file runs');
  const missing = 'proxy-header-settings/PROXY_HEADER_SETTINGS_DISAGREE.missing';
  assert.equal(judge(headerSettingsDisagree, missing, [closed(9)])?.cause, 'proxy-protocol-missing');
  assert.equal(judge(headerSettingsDisagree, 'proxy-header-settings/clear.agree', [closed(9)]), null);
});

test('a gateway timeout convicts the setting only when it came after just that time, and the answer would have come', () => {
  const name = 'limits-and-timeouts/LIMITS_IN_ORDER.agree';
  const { row } = fixture(name);
  const gateway = (ms: number): Finding =>
    finding('PROXY_GATEWAY_ERROR', { count: 9, total: 9, status: 504, maker: 'nginx', ms });
  const failed = finding('REQUEST_FAILED', {
    count: 9,
    total: 9,
    how: '504',
    error: null,
    status: 504,
    maker: 'nginx',
    ms: 3000,
  });
  const slow = (ms: number): Finding => endpoint('ENDPOINT_SLOW', { total: 3, count: 3, ms, status: 200 });
  const with3s = (others: Finding[]) => {
    const { case: triage, path } = fixture(name);
    const findings = readRows([row], triage, path).findings.map((f) =>
      f.code === 'WAITS_FOR_UPSTREAM'
        ? { ...f, facts: { ...f.facts, seconds: 3, tries: 1, from: '/x/nginx.conf:12' } }
        : f,
    );
    return configuredTimeout(sceneOf(triage, path, [...findings, ...others], [], []));
  };
  const guilty = with3s([gateway(3010), failed, slow(4500)]);
  assert.equal(guilty?.cause, 'proxy-timeout-too-short');
  assert.match(guilty?.sentence ?? '', /waits 3 s .*\(nginx\.conf:12\)/);
  assert.equal(with3s([gateway(3400), failed, slow(4500)]), null, 'another time: somebody else cut it');
  assert.equal(with3s([gateway(3010), failed, slow(2500)]), null, 'the application was quicker than the limit');
  assert.equal(judge(configuredTimeout, name, [gateway(60_000), failed, slow(70_000)]), null, 'nobody waits that long');
});

test('idle connections: a shorter keep-alive convicts nobody without connections that were closed', () => {
  const name = 'limits-and-timeouts/APP_CLOSES_IDLE_FIRST.order';
  const early = finding('UPSTREAM_CLOSED_EARLY', { count: 4, address: '127.0.0.1:29001' });
  const well = endpoint('ENDPOINT_ANSWERS');
  assert.equal(judge(appIdleShorter, name, [answered, well, early])?.cause, 'app-keepalive-shorter');
  assert.equal(judge(appIdleShorter, name, [answered, well]), null);
  assert.equal(judge(appIdleShorter, name, [answered, well, early], { course: 'steady' }), null);
  assert.equal(judge(appIdleShorter, name, [answered, well, early], { kinds: ['slow'] }), null);
  assert.equal(judge(appIdleShorter, name, [answered, early]), null, 'the endpoints were not asked');
});

test('idle connections between balancer and proxy: only when errors come and go and no proxy logged any', () => {
  const name = 'limits-and-timeouts/PROXY_CLOSES_IDLE_FIRST.order';
  const clean = (covers: boolean): Finding =>
    finding('NO_ERRORS_LOGGED', { covers, total: 900 }, { about: { hop: 'order', part: 'order-1' } });
  assert.equal(judge(balancerIdle, name, [answered, clean(true)])?.cause, 'lb-idle-timeout');
  assert.equal(judge(balancerIdle, name, [answered, clean(false)]), null, 'the log does not reach back');
  assert.equal(judge(balancerIdle, name, [answered]), null);
  assert.equal(judge(balancerIdle, name, [answered, clean(true)], { statuses: [503] }), null, 'a race gives 502');
  assert.equal(judge(balancerIdle, name, [answered, clean(true)], { kinds: ['slow'] }), null);
  const nlb = 'limits-and-timeouts/BALANCER_FORGETS_IDLE_FIRST.forgets';
  const quiet = finding('NO_ERRORS_LOGGED', { covers: true }, { about: { hop: 'long', part: 'long-1' } });
  assert.equal(judge(balancerIdle, nlb, [answered, quiet], { kinds: ['reset'] })?.cause, 'lb-idle-timeout');
  assert.equal(judge(balancerIdle, nlb, [answered, quiet]), null, 'a balancer of connections makes no 502');
});
