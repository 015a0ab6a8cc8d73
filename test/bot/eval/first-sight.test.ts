import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { drawOfSight, type FirstSight, firstSights, readSights, sightsText } from '../../../bot/eval/first-sight.ts';
import { TriageError } from '../../../diagnostics/errors.ts';
import { scratch } from '../../diagnostics/real-servers.ts';
import { keptCase } from './kept.ts';

const FILE = new URL('../../../bot/eval/first-sight.tsv', import.meta.url);
const sight: FirstSight = {
  ...{ incident: 'i', answer: 'ingress', hop: 'proxy', cause: null, strength: 0.8 },
  ...{ doubt: 'another-culprit', outcome: 'wrong' },
};

test('the judge that is asked is the one of the commit before the incident came, or the last that compiled', async (t) => {
  const root = scratch(t);
  const git = (...args: string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.test', ...args], {
      cwd: root,
      stdio: 'ignore',
    });
  const put = (file: string, text: string): void => {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  const commit = (cause: string, incident: string, broken = ''): void => {
    const verdict = { answer: 'not-ingress', hop: 'app', cause, confidence: 0.9, because: [], findings: [] };
    put(
      'diagnostics/judge.ts',
      `export const weigh = 1;\nexport const judge = () => (${JSON.stringify(verdict)});\n${broken}`,
    );
    put(`test/incidents/${incident}/incident.yaml`, 'id: x\n');
    git('add', '.');
    git('commit', '-m', incident);
  };
  git('init');
  commit('app-slow', 'nobody-before-it');
  commit('app-errors', 'second');
  commit('app-down', 'third', 'const = ;');
  commit('app-down', 'fourth');
  const { incident, saved } = keptCase('app-errors');
  const all = ['nobody-before-it', 'second', 'third', 'fourth', 'in-no-commit'].map((id) => ({
    incident: { ...incident, id, folder: join(root, 'test/incidents', id) },
    saved,
  }));
  const told = (sights: FirstSight[]): string[][] =>
    sights.map((one) => [one.incident, one.cause ?? '', one.outcome]).sort();
  assert.deepEqual(told(await firstSights(all, new Set(), root)), [
    ['fourth', 'app-errors', 'right'],
    ['second', 'app-slow', 'partly'],
    ['third', 'app-errors', 'right'],
  ]);
  assert.deepEqual(told(await firstSights(all, new Set(['second', 'fourth']), root)), [
    ['third', 'app-errors', 'right'],
  ]);
  assert.deepEqual(await firstSights(all, new Set(), scratch(t)), [], 'no history');
});

test('first sights are written as they are read, in one order; a broken line is named', () => {
  const other: FirstSight = {
    ...sight,
    incident: 'a',
    answer: 'inconclusive',
    hop: null,
    doubt: null,
    outcome: 'open',
  };
  assert.deepEqual(readSights(sightsText([sight, other])), [other, sight]);
  for (const broken of ['i\tingress', sightsText([sight]).replace('wrong', 'so-so'), 'i\tmaybe\t-\t-\t0.8\t-\tright'])
    assert.throws(() => readSights(broken), TriageError);
});

test('what claimed nothing teaches nothing; an answer that was right in part was no wrong one', () => {
  assert.deepEqual(drawOfSight({ ...sight, answer: 'inconclusive', outcome: 'open' }), []);
  assert.deepEqual(
    (['right', 'partly', 'wrong'] as const).map((outcome) => drawOfSight({ ...sight, outcome })[0]?.right),
    [true, true, false],
  );
});

test('the file in use is whole, names each incident once, and is what would be written', () => {
  const text = readFileSync(FILE, 'utf8');
  const sights = readSights(text);
  assert.equal(new Set(sights.map((one) => one.incident)).size, sights.length);
  assert.equal(sightsText(sights), text);
});
