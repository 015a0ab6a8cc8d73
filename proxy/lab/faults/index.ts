import type { Fault } from '../types.ts';
import { appErrors } from './app-errors.ts';
import { none } from './none.ts';
import { proxyProtocolUnexpected } from './proxy-protocol-unexpected.ts';

/** Every fault of the lab, by name. Sorted; a new one gets its line here. */
export const FAULTS: readonly Fault[] = [appErrors, none, proxyProtocolUnexpected];
