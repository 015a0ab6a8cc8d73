import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { verdictMessage } from '../../bot/blocks/verdict.ts';
import { NOT_MADE } from '../../bot/eval/not-made.ts';
import { CAUSES } from '../../diagnostics/causes.ts';
import { judge } from '../../diagnostics/judge.ts';
import type { Verdict } from '../../diagnostics/types.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import { anAsk } from '../workers/stand-ins.ts';

/**
 * The whole message of one real case for each cause, as Slack gets it. After a change of words: `GOLDEN=write ./dev test golden`,
 * then read each text aloud before it is committed.
 */
const FOLDER = join(import.meta.dirname, 'golden');
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json.gz'))
  .map((name) => name.slice(0, -'.json.gz'.length));
/** `cause` or, where one cause is told in several ways, `cause.guise`. */
const causeOf = (name: string): string => name.split('.', 1)[0] ?? name;
/** docs/score.md says why. */
const NOT_MADE_ON_ONE_MACHINE = Object.keys(NOT_MADE);

/** Slack's own limits: characters of a section's text, blocks of a message. */
const SECTION = 3_000;
const BLOCKS = 50;
/** A notification shows about this much; the answer is in it. */
const FIRST_LINE = 300;

/** Asked by a mention, so that no other message is named in it. */
const PLACE: CaseRecord['place'] = anAsk().place;

type Kept = Parameters<typeof judge>[0] & { incident: string };

function kept(name: string): { kept: Kept; verdict: Verdict } {
  const one = JSON.parse(gunzipSync(readFileSync(join(FOLDER, `${name}.json.gz`))).toString()) as Kept;
  return { kept: one, verdict: judge(one) };
}

function messageOf({ kept: one, verdict }: ReturnType<typeof kept>): ReturnType<typeof verdictMessage> {
  const at = Date.parse(one.case.at) + verdict.durationMs;
  const record: CaseRecord = {
    case: one.case,
    path: one.path,
    place: PLACE,
    planned: one.evidence.map(({ look }) => ({ look })),
    run: 1,
    state: 'finished',
    startedAt: at,
    finishedAt: at,
    verdict,
    earlier: [],
    message: { channel: null, ts: null, permalink: null, shown: null, posting: null, refused: null, told: null },
    turn: 0,
    reason: null,
    again: null,
    next: null,
    alertEndedAt: null,
  };
  return verdictMessage(record, verdict, []);
}

function textOf(message: ReturnType<typeof verdictMessage>): string {
  const texts = (message.blocks ?? []).map((block) => {
    if (block.type === 'section') return block.text?.text ?? '';
    if (block.type === 'context') return block.elements.map((part) => ('text' in part ? part.text : '')).join(' ');
    return '';
  });
  return `${texts.filter((text) => text !== '').join('\n\n')}\n`;
}

test('each cause that can be made has an example, and the text for it is the one that was read', async (t) => {
  assert.deepEqual(
    Object.keys(CAUSES).filter((cause) => !NAMES.some((name) => causeOf(name) === cause)),
    NOT_MADE_ON_ONE_MACHINE,
  );
  for (const name of NAMES) {
    await t.test(name, () => {
      const one = kept(name);
      assert.equal(one.verdict.cause ?? 'inconclusive', causeOf(name));
      const text = textOf(messageOf(one));
      const file = join(FOLDER, `${name}.txt`);
      if (process.env.GOLDEN === 'write') writeFileSync(file, text);
      assert.ok(existsSync(file), `no text for ${name}`);
      assert.equal(text, readFileSync(file, 'utf8'));
    });
  }
});

test('the first line stands alone, each message is within the limits of Slack, and nothing is said twice', () => {
  for (const name of NAMES) {
    const one = kept(name);
    const { headline, says, cleared, nextStep } = one.verdict;
    assert.ok(headline.length <= FIRST_LINE, `${name}: ${headline.length} characters in the first line`);
    assert.match(headline, /^(It is|Most likely|Not the|Nothing wrong|Can't tell yet)/, name);
    assert.equal(new Set(says).size, says.length, `${name}: a reason stands twice`);
    for (const line of [headline, ...says, ...cleared, nextStep])
      assert.doesNotMatch(line, /undefined|null|NaN|\[object|\.\. | {2}| ,/, `${name}: ${line}`);
    const { blocks = [] } = messageOf(one);
    assert.ok(blocks.length <= BLOCKS, name);
    for (const block of blocks)
      if (block.type === 'section') assert.ok((block.text?.text.length ?? 0) <= SECTION, `${name}: a section too long`);
  }
});

test('the first line names the host or its service and holds no path of a file, and the next step is one that can be done', () => {
  for (const name of NAMES) {
    const { kept: one, verdict } = kept(name);
    const { headline, nextStep, says } = verdict;
    const label = one.case.target.host.split('.', 1)[0] ?? '';
    const services = one.path.hops.filter(({ hop }) => hop === 'service' || hop === 'app').map((hop) => hop.name);
    const named = [label, ...services.map((service) => service.split('/').at(-1) ?? '')];
    assert.ok(
      named.some((word) => headline.includes(word)),
      `${name}: of whom? ${headline}`,
    );
    assert.doesNotMatch(headline, /\/(tmp|etc|var|usr|world)\//, name);
    for (const line of says) assert.doesNotMatch(line, /\/world\//, `${name}: a file's folders in a sentence`);
    assert.match(nextStep, /^[A-Z].{8,}[.?]$/, `${name}: ${nextStep}`);
    assert.doesNotMatch(nextStep, /^(Hold it|Nothing to do)/, name);
  }
});

test('the command asks the very address that the next step is about', () => {
  for (const name of NAMES) {
    const { nextStep, command } = kept(name).verdict;
    const [address] =
      /^(?:Run the command and look at what|See what should listen on) (\S+:\d+)/.exec(nextStep)?.slice(1) ?? [];
    if (address !== undefined) assert.ok(command?.includes(address), `${name}: ${nextStep} ${command}`);
  }
});

test('every reason has its fact: a sentence of a finding, a count of alike ones, or a time from the evidence', () => {
  for (const name of NAMES) {
    const { verdict } = kept(name);
    const said = verdict.findings.map((finding) => finding.says);
    for (const line of verdict.says) {
      const backed =
        said.some((sentence) => line.startsWith(sentence)) ||
        /^(Began|It began|Since|Besides|The first|No change|Last)/.test(line);
      assert.ok(backed, `${name}: nothing stands behind “${line}”`);
    }
    if (verdict.answer !== 'inconclusive') assert.ok(verdict.because.length > 0, `${name}: convicts without a finding`);
  }
});
