import type { Scene } from '../scene.ts';
import { answerHeadersTooBig } from './answer-headers.ts';
import { appLimits } from './app-limits.ts';
import { appSlow } from './app-slow.ts';
import {
  balancerFails,
  balancerSlow,
  noHealthyTarget,
  plaintextToTlsPort,
  proxyHeaderSuspected,
  proxyProtocolMissing,
  proxyProtocolUnexpected,
  staleTarget,
} from './balancer-and-proxy.ts';
import { beginsInFront } from './begins.ts';
import { clientCertificate } from './client-certificates.ts';
import {
  balancerExhausted,
  cdnBlamesOrigin,
  failedOpen,
  headerTold,
  idleErrorsCounted,
  idleErrorsLogged,
  idleResetsCounted,
  staleTargetTold,
  zoneImbalance,
} from './cloud.ts';
import { blackhole, clientAddressHidden, nodeLost, vipConflict } from './cluster-nodes.ts';
import { podsRestart, reloadsTold } from './cluster-proxies.ts';
import { hostNotServed, routeRefused, servedElsewhere } from './cluster-route.ts';
import { nothingReady, podsCrash, policyBars, portLeadsNowhere, serviceMissing } from './cluster-service.ts';
import { drainMismatch, rolloutDropsInPlace } from './drain.ts';
import { calledFromInside, lbHairpin } from './hairpin.ts';
import { alertUnexplained, handshakesRefused } from './handshakes.ts';
import { keepaliveShorter } from './keepalive.ts';
import { lateHeader } from './late-header.ts';
import { ledAstray } from './led-astray.ts';
import { listenerWithoutTls } from './listener.ts';
import { boundary, cdnFault, dnsMissing, dnsWrongAddress } from './names-and-places.ts';
import { endpointUnreachable, networkPolicy } from './no-connection.ts';
import { noRouteForSome } from './no-route-for-some.ts';
import { oneOfSeveralFails } from './one-of-several.ts';
import { acceptQueueOverflow, conntrackExhausted, proxyAtLimit, proxyRestarts } from './proxy-health.ts';
import {
  externalAuthFailed,
  proxyRefuses,
  proxyRefusesSome,
  rateLimited,
  refusedOutOfSight,
  sizeLimit,
} from './refusals.ts';
import { reloadDisconnects, reloadErrorTold, reloadFailed, reloadStorm } from './reloads.ts';
import { ownFilesFail, proxyDown, replicaBad } from './replicas.ts';
import { asymmetricRouting } from './return-path.ts';
import { redirectLoop, routeMissing, routeWrong } from './routes.ts';
import { sentHome } from './sent-home.ts';
import {
  appDown,
  appErrors,
  appErrorsThrough,
  appRefuses,
  noEndpoints,
  portMismatch,
  rolloutDrops,
} from './service-and-app.ts';
import {
  appIdleShorter,
  balancerIdle,
  configuredTimeout,
  headerSettingsDisagree,
  shorterLimitElsewhere,
  tunnelsCut,
} from './settings.ts';
import { balancerCutsAnswers, cutOutOfSight } from './silent-cut.ts';
import type { Rule, Suspicion } from './suspicion.ts';
import { certificateExpired, certificateWrong, chainIncomplete, policyTooStrict } from './tls.ts';
import { appTooLarge, innerSizeLimit } from './too-large.ts';
import { malformedAnswers, noRoomToRewrite } from './unpassable.ts';
import { requestsUnsent, uploadCutShort } from './uploads.ts';
import { endpointImbalance, proxyOverloaded, staleEndpoints, timeoutTooShort, wrongHealthCheck } from './upstreams.ts';

export type { Suspicion } from './suspicion.ts';

/** In the order in which one wins over another that explains as much: the more specific first. */
export const RULES: readonly Rule[] = [
  dnsMissing,
  cdnBlamesOrigin,
  dnsWrongAddress,
  servedElsewhere,
  cdnFault,
  lateHeader,
  proxyProtocolUnexpected,
  proxyProtocolMissing,
  headerTold,
  headerSettingsDisagree,
  plaintextToTlsPort,
  clientCertificate,
  certificateExpired,
  certificateWrong,
  chainIncomplete,
  reloadFailed,
  reloadErrorTold,
  serviceMissing,
  routeRefused,
  hostNotServed,
  routeMissing,
  redirectLoop,
  sizeLimit,
  answerHeadersTooBig,
  noRoomToRewrite,
  innerSizeLimit,
  clientAddressHidden,
  proxyRefuses,
  rateLimited,
  lbHairpin,
  externalAuthFailed,
  proxyRefusesSome,
  conntrackExhausted,
  asymmetricRouting,
  vipConflict,
  nodeLost,
  blackhole,
  acceptQueueOverflow,
  proxyOverloaded,
  proxyAtLimit,
  proxyRestarts,
  podsRestart,
  portLeadsNowhere,
  podsCrash,
  nothingReady,
  noEndpoints,
  portMismatch,
  policyBars,
  endpointImbalance,
  zoneImbalance,
  configuredTimeout,
  timeoutTooShort,
  uploadCutShort,
  requestsUnsent,
  shorterLimitElsewhere,
  tunnelsCut,
  malformedAnswers,
  appErrors,
  appErrorsThrough,
  oneOfSeveralFails,
  appRefuses,
  appLimits,
  appTooLarge,
  sentHome,
  ledAstray,
  noRouteForSome,
  rolloutDropsInPlace,
  appDown,
  endpointUnreachable,
  staleEndpoints,
  wrongHealthCheck,
  appSlow,
  rolloutDrops,
  drainMismatch,
  appIdleShorter,
  keepaliveShorter,
  networkPolicy,
  policyTooStrict,
  handshakesRefused,
  reloadStorm,
  reloadsTold,
  reloadDisconnects,
  staleTarget,
  staleTargetTold,
  noHealthyTarget,
  failedOpen,
  idleResetsCounted,
  idleErrorsCounted,
  idleErrorsLogged,
  balancerCutsAnswers,
  balancerIdle,
  balancerSlow,
  proxyHeaderSuspected,
  balancerExhausted,
  calledFromInside,
  balancerFails,
  beginsInFront,
  proxyDown,
  ownFilesFail,
  replicaBad,
  routeWrong,
  listenerWithoutTls,
  boundary,
  // Never enough for an answer: they only keep the judge from saying that nothing is wrong.
  alertUnexplained,
  cutOutOfSight,
  refusedOutOfSight,
];

/** Pure: every cause that the findings speak for, unsorted but in order of precedence. */
export function suspicionsOf(scene: Scene): Suspicion[] {
  return RULES.map((rule) => rule(scene)).filter((s) => s !== null);
}
