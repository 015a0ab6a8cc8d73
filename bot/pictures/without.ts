import type { KnownBlock } from '@slack/types';

/** Blocks that Slack may refuse by themselves: charts are new, and an uploaded file may not be ready yet. */
const PICTURES: readonly string[] = ['data_visualization', 'image'];

/** Pure: whether any block is a chart or a picture. */
export const hasPictures = (blocks: readonly KnownBlock[]): boolean =>
  blocks.some(({ type }) => PICTURES.includes(type));

/** Pure: the blocks that remain; what pictures show is said in words beside them. */
export const withoutPictures = <B extends KnownBlock>(blocks: readonly B[]): B[] =>
  blocks.filter(({ type }) => !PICTURES.includes(type));
