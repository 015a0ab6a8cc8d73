import { createHash, randomBytes } from 'node:crypto';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** An id of Slack's form that is the same on every start, so that links to a channel stay good: `C0K3…`. */
export function idOf(prefix: string, name: string): string {
  const digest = createHash('sha256').update(`${prefix}:${name}`).digest();
  return `${prefix}0${[...digest.subarray(0, 9)].map((byte) => letters[byte % letters.length]).join('')}`;
}

/** An id of Slack's form that never repeats. */
export function newId(prefix: string): string {
  return `${prefix}0${[...randomBytes(9)].map((byte) => letters[byte % letters.length]).join('')}`;
}

export function secret(bytes = 16): string {
  return randomBytes(bytes).toString('hex');
}
