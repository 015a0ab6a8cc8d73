import type { KnownBlock } from '@slack/types';
import { type Message, messageOf } from '../../blocks/message.ts';
import { withoutTokens } from './times.ts';

/** A message whose blocks show everybody their own time and whose text, read alone, says UTC. */
export function spoken(paragraphs: string[], tail: KnownBlock[] = []): Message {
  const { blocks } = messageOf(paragraphs, tail);
  return { text: messageOf(paragraphs.map(withoutTokens)).text, blocks };
}
