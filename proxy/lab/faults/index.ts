import type { Fault } from '../types.ts';
import { appDown } from './app-down.ts';
import { appErrors } from './app-errors.ts';
import { appSlow } from './app-slow.ts';
import { endpointImbalance } from './endpoint-imbalance.ts';
import { none } from './none.ts';
import { proxyProtocolMissing } from './proxy-protocol-missing.ts';
import { proxyProtocolUnexpected } from './proxy-protocol-unexpected.ts';
import { reloadFailed } from './reload-failed.ts';
import { reloadStorm } from './reload-storm.ts';
import { serviceNoEndpoints } from './service-no-endpoints.ts';
import { tlsCertificateExpired } from './tls-certificate-expired.ts';
import { tlsCertificateWrong } from './tls-certificate-wrong.ts';
import { tlsPolicyTooStrict } from './tls-policy-too-strict.ts';
import { traefikGuilty } from './traefik-guilty.ts';
import { wrongSuspect } from './wrong-suspect.ts';

/** Every fault of the lab, sorted by name. A new one gets its line here. */
export const FAULTS: readonly Fault[] = [
  appDown,
  appErrors,
  appSlow,
  endpointImbalance,
  none,
  proxyProtocolMissing,
  proxyProtocolUnexpected,
  reloadFailed,
  reloadStorm,
  serviceNoEndpoints,
  tlsCertificateExpired,
  tlsCertificateWrong,
  tlsPolicyTooStrict,
  traefikGuilty,
  wrongSuspect,
];
