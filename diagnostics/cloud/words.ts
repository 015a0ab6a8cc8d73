/** Words for what clouds call things, for people who do not read their manuals. */

/** Reason codes of a target's state (AWS: ELBv2 TargetHealth; Classic: InstanceState). */
const REASONS: { [code: string]: string } = {
  'Elb.RegistrationInProgress': 'it is being registered',
  'Elb.InitialHealthChecking': 'its first health checks run',
  'Elb.InternalError': 'an error inside the balancer',
  'Target.FailedHealthChecks': 'it fails the health check',
  'Target.Timeout': 'no answer to the health check in time',
  'Target.ResponseCodeMismatch': 'the health check is answered with another status',
  'Target.NotRegistered': 'it is not registered',
  'Target.NotInUse': 'no listener leads to it, or its zone is not enabled',
  'Target.InvalidState': 'it is stopped or terminated',
  'Target.IpUnusable': "its address is the balancer's own",
  'Target.DeregistrationInProgress': 'it is being taken out',
  'Target.HealthCheckDisabled': 'health checks are switched off',
  ELB: 'an error inside the balancer, or it is being registered',
  Instance: 'it fails the health check, or it is stopped',
};

export const reasonWords = (reason: string | null): string | null =>
  reason === null ? null : Object.hasOwn(REASONS, reason) ? (REASONS[reason] as string) : reason;

/**
 * What Cloudflare's own statuses say of the origin (developers.cloudflare.com, "Cloudflare 5xx errors"), and how the
 * origin must fail when it is asked directly to bear it out: `fits` is tested on an error code or a status.
 */
export const CDN_STATUS: { [status: number]: { says: string; fits: RegExp } } = {
  520: {
    says: 'the origin answered with something empty, malformed or too large, or reset the connection',
    fits: /^(CLOSED|RESET|ECONNRESET|EPIPE|NOT_HTTP|CUT_OFF|PLAINTEXT|HPE_\w+)$/,
  },
  521: { says: 'the origin refuses connections', fits: /^ECONNREFUSED$/ },
  522: {
    says: 'no connection to the origin came about in time',
    fits: /^(TIMEOUT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/,
  },
  523: { says: 'the origin cannot be reached', fits: /^(EHOSTUNREACH|ENETUNREACH|TIMEOUT|ETIMEDOUT|ENOTFOUND)$/ },
  524: { says: 'the origin took the request and gave no answer in time', fits: /^(TIMEOUT|504)$/ },
  525: {
    says: 'the TLS handshake with the origin failed',
    fits: /^(ERR_SSL_\w+|PLAINTEXT|CLOSED|RESET|ECONNRESET|TLS_ALERT)$/,
  },
  526: {
    says: "the origin's certificate is not valid for the CDN",
    fits: /CERT|ISSUER|SIGNATURE|ALTNAME|SELF_SIGNED/,
  },
  530: { says: 'the CDN cannot find the origin by its name', fits: /^(ENOTFOUND|EAI_\w+)$/ },
};

/** What GCE's `statusDetails` say, and of whom (cloud.google.com, application load balancer logging). */
export const GCE_DETAILS: { [word: string]: { side: 'backend' | 'between' | 'balancer' | 'client'; says: string } } = {
  response_sent_by_backend: { side: 'backend', says: 'the backend gave this answer itself' },
  backend_connection_closed_before_data_sent_to_client: {
    side: 'between',
    says: 'the backend closed the connection before it answered',
  },
  backend_connection_closed_after_partial_response_sent: {
    side: 'backend',
    says: 'the backend closed the connection in the middle of its answer',
  },
  backend_early_response_with_non_error_status: {
    side: 'backend',
    says: 'the backend answered before it had the whole request',
  },
  failed_to_connect_to_backend: { side: 'between', says: 'no connection to the backend came about' },
  failed_to_pick_backend: { side: 'balancer', says: 'the balancer had no healthy backend' },
  backend_timeout: { side: 'backend', says: 'the backend gave no answer in the time that the balancer allows' },
  client_disconnected_before_any_response: { side: 'client', says: 'the caller left before there was an answer' },
  client_disconnected_after_partial_response: { side: 'client', says: 'the caller left in the middle of the answer' },
};
