import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';

/** What went wrong at AWS, as the one line that would let us see. Names of errors: AWS' "Common errors" of each interface. */

const DENIED = /^(AccessDenied|AccessDeniedException|UnauthorizedOperation|Forbidden|OptInRequired)$/;
const EXPIRED = /^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired)$/;
const UNKNOWN_KEY =
  /^(InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId|MissingAuthenticationToken\w*|AuthFailure)$/;
const SIGNATURE = /^(SignatureDoesNotMatch|InvalidSignatureException|RequestTimeTooSkewed|RequestInTheFuture)$/;
const THROTTLED =
  /^(Throttling|ThrottlingException|ThrottledException|RequestLimitExceeded|TooManyRequestsException|SlowDown)$/;
const NOT_THERE = /^(LoadBalancerNotFound\w*|AccessPointNotFound\w*|TargetGroupNotFound\w*|ListenerNotFound\w*)$/;
const NOT_REACHED = /^(E[A-Z]{4,}|TimeoutError|NetworkingError)$/;

const textOf = (error: unknown, key: string): string => {
  const value = (error as { [key: string]: unknown } | null)?.[key];
  return typeof value === 'string' ? value : '';
};

/** Our clock against theirs, s; null: the answer had no date, or they agree within a minute. */
function skewOf(error: unknown, now: number): number | null {
  const headers = (error as { $response?: { headers?: { [name: string]: string } } } | null)?.$response?.headers;
  const theirs = Date.parse(headers?.date ?? '');
  const seconds = Math.round((now - theirs) / 1000);
  return Number.isFinite(seconds) && Math.abs(seconds) > 60 ? seconds : null;
}

/** Turns what the client threw into a BlindLook. `action`: the IAM action that was used, as a policy names it. */
export function blindOf(error: unknown, action: string, endpoint: string, now = Date.now()): BlindLook {
  if (error instanceof BlindLook) return error;
  const name = textOf(error, 'name') || textOf(error, 'Code');
  const code = textOf(error, 'code');
  const of = (reason: BlindLook['reason'], detail: string): BlindLook =>
    new BlindLook(reason, detail, { cause: error });
  if (/^(CredentialsProviderError|TokenProviderError)$/.test(name))
    return of(
      'not-configured',
      `no AWS credentials were found; give this process a role or a profile (aws: { profile: … }) that may use ${action}`,
    );
  if (DENIED.test(name)) return of('denied', `AWS refuses ${action}; allow it to this process' role (Resource: "*")`);
  if (EXPIRED.test(name))
    return of(
      'denied',
      `the AWS session of this process has expired; renew its credentials, then ${action} can be asked`,
    );
  if (UNKNOWN_KEY.test(name))
    return of(
      'denied',
      `AWS does not know the credentials of this process (${name}); give it valid ones that may use ${action}`,
    );
  if (SIGNATURE.test(name)) {
    const skew = skewOf(error, now);
    return of(
      'denied',
      skew === null
        ? `AWS refuses our signature of ${action} (${name}); the secret key or the clock of this machine is wrong`
        : `AWS refuses ${action}: the clock of this machine is ${Math.abs(skew)} s ${skew > 0 ? 'ahead' : 'behind'}; set it right`,
    );
  }
  if (THROTTLED.test(name))
    return of('no-connection', `AWS throttles ${action} of this account now; ask again in a minute`);
  if (NOT_THERE.test(name))
    return of('not-configured', `AWS knows no such balancer (${name}); correct arn: of the hop, or the region`);
  // (the client calls a reset connection a TimeoutError too: its code tells)
  if (code === 'ETIMEDOUT' || (code === '' && /^(AbortError|TimeoutError)$/.test(name)))
    return of('deadline', `${endpoint} gave no answer to ${action} in time`);
  if (NOT_REACHED.test(code) || NOT_REACHED.test(name))
    return of('no-connection', `${endpoint} cannot be reached for ${action} (${code || name})`);
  const status = (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;
  if (status !== undefined && status >= 500)
    return of('no-connection', `${endpoint} answered ${action} with ${status}; ask again in a minute`);
  return of('unreadable', `${endpoint} answered ${action} with something that cannot be read (${name || 'no name'})`);
}
