import type { KnownBlock } from '@slack/types';
import type { Paragraph } from '../model/filter.ts';
import type { Prose } from '../model/prose.ts';
import { context, section } from './message.ts';
import { plain } from './mrkdwn.ts';

/** What a model made of the findings below it, marked as such; each paragraph with the codes that it rests on. */
export function proseBlocks({ forAsker, forEngineer }: Prose): KnownBlock[] {
  return [
    ...paragraph('In short', forAsker),
    ...paragraph('For the engineer', forEngineer),
    context('Put into words by a language model, from the findings below. The answer itself is computed.'),
  ];
}

function paragraph(title: string, one: Paragraph | null): KnownBlock[] {
  if (one === null) return [];
  return [section(`*${title}*\n${plain(one.text)}`), context(`From ${one.codes.map(plain).join(', ')}`)];
}
