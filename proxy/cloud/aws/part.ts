import type { BalancerSeen } from '../../../diagnostics/io/balancer-reader.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';

/** A right by its name in policies of IAM. */
export const right = (what: string): string => `elasticloadbalancing:${what}`;

/** Parts of a balancer that were not read, and why. */
export type Unread = BalancerSeen['unread'];

/** What a part gives, or null and why not. A balancer without its rules is still worth telling. */
export async function part<T>(unread: Unread, what: Unread[number]['what'], work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof BlindLook)) throw error;
    const reason = error.reason === 'denied' || error.reason === 'unreadable' ? error.reason : 'no-connection';
    if (!unread.some((one) => one.detail === error.message)) unread.push({ what, reason, detail: error.message });
    return null;
  }
}
