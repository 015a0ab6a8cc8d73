import type { KnownBlock } from '@slack/types';
import { type Message, messageOf } from '../../blocks/message.ts';
import { withoutTokens } from './times.ts';

/** A message whose blocks show everybody their own time and whose text, read alone, says UTC. */
export function spoken(paragraphs: string[], tail: KnownBlock[] = []): Message {
  // Blocks are drawn, in narrow columns too: a number and its sign stay in one line there.
  const drawn = paragraphs.map((one) => one.replace(/(\d) %/g, '$1\u00a0%'));
  const { blocks } = messageOf(drawn, tail);
  return { text: messageOf(paragraphs.map(withoutTokens)).text, blocks };
}
