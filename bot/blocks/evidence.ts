import type { KnownBlock, ModalView } from '@slack/types';
import type { Finding, Verdict } from '../../diagnostics/types.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import type { Prose } from '../model/prose.ts';
import { context, section } from './message.ts';
import { clip, clock, code, plain } from './mrkdwn.ts';
import { proseBlocks } from './prose.ts';

const MAX_BLOCKS = 95;
const MAX_SUM = 40_000;

/**
 * Everything a verdict rests on: findings, what was not seen, the timeline; above it what a model made of it, if any, and what
 * there is to look at (`pictures`).
 */
export function evidenceModal(
  record: CaseRecord,
  verdict: Verdict,
  prose: Prose | null = null,
  pictures: KnownBlock[] = [],
): ModalView {
  const order = { implicates: 0, clears: 1, context: 2 };
  const findings = [...verdict.findings].sort((a, b) => order[a.direction] - order[b.direction]);
  const all: KnownBlock[] = [
    context(
      `${record.case.id} · ${plain(record.case.target.host)} · ${verdict.answer}, confidence ${verdict.confidence}${verdict.learnt === undefined ? '' : ` (${plain(verdict.learnt)})`}`,
    ),
    ...(prose ? proseBlocks(prose) : []),
    ...pictures,
    ...findings.map(findingBlock),
  ];
  if (verdict.blind.length > 0) {
    const lines = verdict.blind.map((blind) => `• ${plain(blind.check)}: ${blind.reason}, ${plain(blind.detail)}`);
    all.push(section(`*Not seen*\n${lines.slice(0, 30).join('\n')}`));
  }
  if (verdict.timeline.length > 0) {
    const lines = verdict.timeline.map((one) => `• ${clock(one.at)} UTC ${plain(one.object)}: ${plain(one.summary)}`);
    all.push(section(`*Timeline*\n${lines.slice(-30).join('\n')}`));
  }
  for (const one of record.earlier) all.push(context(`At ${clock(one.at)} UTC I said: ${plain(one.headline)}`));
  return {
    type: 'modal',
    title: { type: 'plain_text', text: 'Evidence' },
    close: { type: 'plain_text', text: 'Close' },
    blocks: within(all),
  };
}

function findingBlock(finding: Finding): KnownBlock {
  const mark = { implicates: 'Speaks against', clears: 'Clears', context: 'Context for' }[finding.direction];
  const where = finding.about.part ?? finding.about.hop;
  const head = `*${finding.code}* · ${mark} ${plain(where || finding.hop)}${finding.vantage ? ` · seen from ${finding.vantage}` : ''}`;
  const command = finding.reproduce === null ? '' : `\n${clip(code(finding.reproduce), 900)}`;
  return section(`${head}\n${plain(finding.says)}${command}`);
}

function within(blocks: KnownBlock[]): KnownBlock[] {
  const kept: KnownBlock[] = [];
  let sum = 0;
  for (const block of blocks) {
    sum += JSON.stringify(block).length;
    if (kept.length >= MAX_BLOCKS || sum > MAX_SUM) {
      kept.push(context(`and ${blocks.length - kept.length} more`));
      break;
    }
    kept.push(block);
  }
  return kept;
}
