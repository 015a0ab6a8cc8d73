import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CHECKS } from '../../diagnostics/checks/index.ts';
import { readRows } from '../../diagnostics/findings.ts';
import type { Case, EvidenceRow, Finding, Path } from '../../diagnostics/types.ts';

interface Fixture {
  expect: string[];
  case: Case;
  path: Path;
  row: EvidenceRow;
}
const FOLDER = new URL('./checks/', import.meta.url);

const fixtures = CHECKS.flatMap((check) => {
  const folder = new URL(`${check.id}/`, FOLDER);
  const names = readdirSync(FOLDER).includes(check.id) ? readdirSync(folder).sort() : [];
  return names.map((name) => ({
    check,
    name,
    wanted: name.split('.')[0] as string,
    fixture: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Fixture,
  }));
});

const read = ({ row, case: triage, path }: Fixture) => readRows([row], triage, path);

test('every reading says what its file says', async (t) => {
  for (const { check, name, wanted, fixture } of fixtures) {
    await t.test(`${check.id}/${name}`, () => {
      const { findings, blind } = read(fixture);
      const codes = [...new Set(findings.map((f) => f.code))].sort();
      assert.equal(fixture.row.look.check, check.id);
      if (wanted === 'blind') {
        assert.deepEqual([codes, blind.map((b) => b.check)], [[], [check.id]]);
        assert.equal(fixture.row.blind?.reason, name.split('.')[1]);
        return;
      }
      assert.deepEqual(codes, fixture.expect);
      assert.deepEqual(blind, []);
      if (wanted === 'clear')
        assert.deepEqual(
          findings.filter((f) => f.direction === 'implicates'),
          [],
        );
      else if (wanted !== 'silent')
        assert.ok(codes.includes(wanted), 'the file is named after a code that does not fire');
    });
  }
});

test('every finding has a file that fires it; every check one that is clear and one that is blind', () => {
  const missing = CHECKS.flatMap((check) => {
    const there = new Set(fixtures.filter((f) => f.check === check).map((f) => f.wanted));
    return [...Object.keys(check.findings), 'clear', 'blind']
      .filter((name) => !there.has(name))
      .map((name) => `${check.id}/${name}`);
  });
  assert.deepEqual(missing, []);
});

test('files belong to checks that there are', () => {
  const known = new Set([...CHECKS.map((check) => check.id), 'README.md']);
  assert.deepEqual(
    readdirSync(FOLDER).filter((name) => !known.has(name)),
    [],
  );
});

/** A copy of anything with every string in it that is a name of the outside replaced by a hostile one. */
const HOSTILE = `evil'"$(touch /tmp/owned)\`id\`;|&<>\n.example.test`;
function hostile(fixture: Fixture): Fixture {
  const { host } = fixture.case.target;
  const twist = (value: unknown): unknown =>
    typeof value === 'string'
      ? value.replaceAll(host, HOSTILE)
      : Array.isArray(value)
        ? value.map(twist)
        : value && typeof value === 'object'
          ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, twist(one)]))
          : value;
  return twist(fixture) as Fixture;
}

const isShell = (command: string): boolean => {
  try {
    execFileSync('bash', ['-n'], { input: command, stdio: ['pipe', 'ignore', 'pipe'] });
    return true;
  } catch {
    return false;
  }
};

/** Words of a command line as bash itself splits them, with every substitution left undone. */
const wordsOf = (command: string): string =>
  // A substitution or a second command would run: then its output, not its text, would be here.
  execFileSync('bash', ['-c', `curl() { printf '%s\\n' "$@"; }; openssl() { printf '%s\\n' "$@"; }; nc() { cat; printf '%s\\n' "$@"; }; getent() { printf '%s\\n' "$@"; }; grep() { printf '%s\\n' "$@"; }; ps() { :; }; tail() { cat; }; touch() { echo TOUCHED >&3; }; id() { echo IDED >&3; }; exec 3>&1\n${command}`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }); // biome-ignore format: one script

test('commands to see it are shell, also when names are hostile; then nothing in them runs', () => {
  const commands = new Map<string, Finding>();
  for (const { fixture } of fixtures)
    for (const one of [fixture, hostile(fixture)])
      for (const finding of read(one).findings) if (finding.reproduce) commands.set(finding.reproduce, finding);
  assert.ok(commands.size > 60);
  // One bash for all: each command is syntax-checked on its own by a function around it.
  const bad = [...commands].filter(([command]) => /[\n;&|`$<>'"]/.test(command) && !isShell(command));
  assert.deepEqual(
    bad.map(([command, f]) => `${f.code}: ${command}`),
    [],
  );
  const ran = [...commands].filter(([command]) => command.includes('touch') && /TOUCHED|IDED/.test(wordsOf(command)));
  assert.deepEqual(
    ran.map(([command, f]) => `${f.code}: ${command}`),
    [],
  );
});

test('texts: every finding of every reading says something whole, and what to do', () => {
  for (const { check, name, fixture } of fixtures) {
    for (const finding of read(fixture).findings) {
      const where = `${check.id}/${name}: ${finding.code}`;
      for (const text of [finding.says, finding.next]) {
        assert.ok(text.length > 10 && /[.!?)]$/.test(text), `${where}: ${text}`);
        assert.ok(!/undefined|NaN|\[object|null/.test(text), `${where}: ${text}`);
        assert.ok(
          [...text].every((c) => c >= ' ' || c === '\n'),
          `${where}: control characters`,
        );
      }
      assert.ok(!/undefined|NaN|\[object/.test(finding.reproduce ?? ''), `${where}: ${finding.reproduce}`);
      assert.deepEqual(JSON.parse(JSON.stringify(finding)), finding, where);
    }
  }
});

test('a row of another version of a check is blind, never an error', () => {
  for (const { fixture } of fixtures.filter((f) => f.wanted !== 'blind')) {
    for (const data of [null, 7, 'x', [], {}, { probe: 3, attempts: 'no', outcomes: {} }]) {
      const { findings, blind } = readRows([{ ...fixture.row, data } as EvidenceRow], fixture.case, fixture.path);
      assert.ok(Array.isArray(findings) && blind.every((b) => b.reason === 'unreadable'));
    }
  }
  const [first] = fixtures;
  assert.ok(first);
  const stranger = { ...first.fixture.row, look: { ...first.fixture.row.look, check: 'of-the-future' } };
  const { blind } = readRows([stranger], first.fixture.case, first.fixture.path);
  assert.deepEqual(
    blind.map((b) => [b.check, b.reason]),
    first.fixture.row.blind ? [['of-the-future', first.fixture.row.blind.reason]] : [['of-the-future', 'unreadable']],
  );
});

test('a few PROXY headers in a log are what earlier checks of ours left there', () => {
  const found = fixtures.find((f) => f.wanted === 'PROXY_HEADER_LINES_LOGGED');
  assert.ok(found);
  const direction = (proxyHeaderLines: number): string | undefined => {
    const row = {
      ...found.fixture.row,
      data: { ...(found.fixture.row.data as object), proxyHeaderLines },
    } as EvidenceRow;
    return read({ ...found.fixture, row }).findings.find((f) => f.code === 'PROXY_HEADER_LINES_LOGGED')?.direction;
  };
  assert.deepEqual([direction(0), direction(6), direction(60)], [undefined, 'context', 'implicates']);
});

test('a certificate is judged by when it was looked at, not by when the case was opened or is read again', () => {
  const found = fixtures.find((f) => f.wanted === 'CERTIFICATE_EXPIRED');
  assert.ok(found);
  const codes = (startedAt: string): string[] =>
    read({ ...found.fixture, row: { ...found.fixture.row, startedAt } }).findings.map((f) => f.code);
  const before = new Date(Date.parse(found.fixture.row.startedAt) - 3 * 86_400_000).toISOString();
  assert.ok(codes(found.fixture.row.startedAt).includes('CERTIFICATE_EXPIRED'));
  assert.ok(!codes(before).includes('CERTIFICATE_EXPIRED'));
});
