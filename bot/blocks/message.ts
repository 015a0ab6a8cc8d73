import type { KnownBlock } from '@slack/types';
import { clip } from './mrkdwn.ts';

/** A message as it goes to Slack: `text` alone says everything, `blocks` say it better. */
export interface Message {
  text: string;
  blocks: KnownBlock[];
}

/** chat.update refuses more than 4,000. */
export const MAX_TEXT = 3900;
const MAX_SECTION = 2900;
/** Slack refuses a message whose blocks hold about 13,200 characters together. */
const MAX_SUM = 11_500;
const MAX_BLOCKS = 48;

/** One paragraph as a section. */
export function section(text: string): KnownBlock {
  return { type: 'section', text: { type: 'mrkdwn', text: clip(text, MAX_SECTION), verbatim: true } };
}

/** A line of small print. */
export function context(text: string): KnownBlock {
  return { type: 'context', elements: [{ type: 'mrkdwn', text: clip(text, 1900), verbatim: true }] };
}

/**
 * A message from paragraphs: the first stands alone, the buttons come last. Whatever does not fit is left out from the
 * end, since the first lines carry the answer.
 */
export function messageOf(paragraphs: string[], tail: KnownBlock[] = []): Message {
  const blocks: KnownBlock[] = [];
  let sum = JSON.stringify(tail).length;
  for (const paragraph of paragraphs) {
    const block = section(paragraph);
    const size = clip(paragraph, MAX_SECTION).length;
    if (sum + size > MAX_SUM || blocks.length + tail.length >= MAX_BLOCKS) break;
    sum += size;
    blocks.push(block);
  }
  return { text: clip(paragraphs.join('\n'), MAX_TEXT), blocks: [...blocks, ...tail] };
}
