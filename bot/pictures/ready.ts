import { setTimeout as wait } from 'node:timers/promises';
import { WebAPIPlatformError } from '@slack/web-api';

/** Slack takes a moment until an uploaded file may stand in a block (it says invalid_blocks until then; field notes 2.4), ms. */
export const FILE_READY_MS = 1_500;

/** Whether Slack did not like what it was sent, rather than being away. */
export const isDisliked = (error: unknown): boolean =>
  error instanceof WebAPIPlatformError &&
  ['invalid_blocks', 'invalid_blocks_format', 'invalid_arguments', 'file_not_found'].includes(error.data.error);

/** Tries something that shows an uploaded picture, and once more when the file should be ready. */
export async function whenReady<T>(work: () => Promise<T>): Promise<T> {
  return work().catch(async (error: unknown) => {
    if (!isDisliked(error)) throw error;
    await wait(FILE_READY_MS);
    return work();
  });
}
