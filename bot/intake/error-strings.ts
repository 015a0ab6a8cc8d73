import type { SymptomKind } from '../../diagnostics/types.ts';

/**
 * What programs say, word for word: OpenSSL, Node, curl, Java, Go, Python, .NET, SAP, Chrome, Firefox, Safari, nginx,
 * Traefik, HAProxy, Envoy. Nobody writes these by chance; most telling first.
 */
export const ERROR_STRINGS: readonly { kind: SymptomKind; pattern: RegExp }[] = [
  {
    // A certificate that is expired, for another name, or from nobody known.
    kind: 'certificate',
    pattern:
      /(?:NET::)?ERR_CERT\w{0,40}|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|CERTIFICATE_VERIFY_FAILED|ERR_TLS_CERT_ALTNAME_INVALID|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT\w{0,20}|SELF_SIGNED_CERT_IN_CHAIN|PKIX path (?:building|validation) failed|CertPathValidatorException|SunCertPathBuilderException|CertificateExpiredException|x509: [^\n"]{5,80}|(?:MOZILLA_PKIX|SEC)_ERROR_\w{1,60}|SSL_ERROR_BAD_CERT_DOMAIN|SSL certificate problem[^\n]{0,60}|remote certificate is invalid[^\n]{0,60}|RemoteCertificate\w{1,30}|certificate has expired|certificate verify failed|unable to get local issuer certificate|TRAEFIK DEFAULT CERT|Ingress Controller Fake Certificate|no alternative certificate subject name|doesn't match (?:any of the )?subject alternative names?|SSLPeerUnverifiedException|kCFStreamErrorCode 9814|This Connection Is Not Private|Your connection is not private|Warning: Potential Security Risk/i,
  },
  {
    // The handshake did not come about: bytes that are no TLS, or nothing in common.
    kind: 'handshake',
    pattern:
      /ICM_HTTP_SSL\w{0,20}|SSSLERR_\w{1,30}|ERR_SSL_\w{1,40}|write EPROTO[^\n]{0,80}|\bEPROTO\b|1408F10B|0A00010B|14094410|1409442E|wrong version number|(?:tls|ssl) (?:fatal )?alert:? (?:number )?\d{1,3}|(?:sslv3 |tlsv1(?:\.\d)? )?alert (?:handshake failure|protocol version|internal error|number \d{1,3})|handshake[_ ]failure|SSLHandshakeException|SSLProtocolException|(?<=ssl\.)SSLException|no cipher suites? (?:supported|in common)[^\n"]{0,30}|no protocols available|protocol_version|unrecognized_name|Unsupported or unrecognized SSL message|NotSslRecordException|first record does not look like a TLS handshake|server gave HTTP response to HTTPS client|WRONG_VERSION_NUMBER|oversized record received|SSL_ERROR_\w{1,40}|PR_END_OF_FILE_ERROR|unexpected eof while reading|UNEXPECTED_EOF_WHILE_READING|EOF occurred in violation of protocol|received fatal alert: ?\w{1,40}|TLS handshake (?:timeout|error|failed|failure)|authentication handshake failed|remote error: tls: [^\n]{3,60}|SSL connection could not be established|Could not create SSL\/TLS secure channel|SEC_E_\w{1,40}|schannel: [^\n]{3,80}|ssl handshake fail\w{0,4}|can't establish a secure connection|Secure Connection Failed|tlsv1\d? alert [a-z ]{3,40}|ERR_BAD_SSL_CLIENT_AUTH_CERT|SSLV3_ALERT\w{1,40}|TLSV1_ALERT\w{1,40}|curl: \((?:35|58|60)\)|sent an invalid response|error:1[0-9A-F]{7}|NSURLErrorDomain[^\n]{0,20}-120\d|The plain HTTP request was sent to HTTPS port/i,
  },
  {
    kind: 'redirect-loop',
    pattern:
      /ERR_TOO_MANY_REDIRECTS|too many redirects|redirected you too many times|TooManyRedirects|maximum \(?\d{1,3}\)? redirects|redirect(?:ion)? loop|isn't redirecting properly|curl: \(47\)/i,
  },
  {
    kind: 'too-large',
    pattern:
      /request entity too large|payload too large|content too large|request header fields too large|request header or cookie too large|too big header|too large body|too large header/i,
  },
  {
    // A page came where data was wanted: JSON.parse in V8 (two wordings), SpiderMonkey and JavaScriptCore.
    kind: 'wrong-content',
    pattern:
      /unexpected token '?<'?(?:,| in JSON)|JSON\.parse: unexpected character at line 1 column 1|JSON Parse error: Unrecognized token '<'/i,
  },
  {
    // Texts of nginx, Traefik and ingress-nginx for a place they do not know.
    kind: 'not-found',
    pattern: /404 page not found|404 not found|default backend ?-? ?404|no matching route|no such route/i,
  },
  {
    // A proxy says that what is behind it does not answer, or the app says that it broke.
    kind: 'errors-5xx',
    pattern:
      /bad gateway|internal server error|service (?:temporarily )?unavailable|gateway time-?out|no available server|upstream connect error|no healthy upstream|upstream prematurely closed[^\n]{0,60}|no live upstreams|upstream request timeout|code = Unavailable|\bUNAVAILABLE: [^\n]{3,40}|the server encountered a temporary error|backend fetch failed|web server is down|web server (?:is )?returned an unknown error|unknown error (?:520|from origin)|HttpServerErrorException|we're sorry, but something went wrong|application error: a server-side/i,
  },
  {
    // The connection was cut or never taken.
    kind: 'reset',
    pattern:
      /ECONNRESET|connection (?:was )?reset(?: by peer)?|ConnectionResetError|connection aborted|ECONNREFUSED|ERR_CONNECTION_(?:RESET|CLOSED|ABORTED|REFUSED)|ERR_EMPTY_RESPONSE|ERR_HTTP2_\w{1,40}|ERR_QUIC_\w{1,40}|empty reply from server|socket hang ?up|unexpected EOF|RemoteDisconnected|broken pipe|recv failure|connection refused|actively refused|connection closed by (?:peer|remote)[^\n]{0,20}|forcibly closed|underlying connection was closed|unexpectedly (?:closed|dropped) the connection|NS_ERROR_NET_\w{1,30}|PR_CONNECT_RESET_ERROR|curl: \((?:7|52|56)\)|disconnect\/reset before headers|stream (?:was )?reset|GOAWAY|MaxRetryError|max retries exceeded|Couldn't connect to server|failed to connect to/i,
  },
  {
    kind: 'timeout',
    pattern:
      /ETIMEDOUT|ESOCKETTIMEDOUT|ERR_CONNECTION_TIMED_OUT|ERR_TIMED_OUT|(?:operation|connection|request|read|upstream|connect) timed ?out|deadline exceeded|Client\.Timeout|SocketTimeoutException|ConnectTimeout\w{0,10}|ReadTimeout\w{0,10}|UND_ERR_\w{1,10}_TIMEOUT|TaskCanceledException|curl: \(28\)|took too long to respond|connection has timed out|i\/o timeout|no route to host|EHOSTUNREACH/i,
  },
  {
    kind: 'name',
    pattern:
      /ENOTFOUND|EAI_AGAIN|NXDOMAIN|SERVFAIL|ERR_NAME_NOT_RESOLVED|DNS_PROBE\w{0,40}|could not resolve host|name or service not known|temporary failure in name resolution|getaddrinfo|UnknownHostException|no such host|nodename nor servname|server ip address could not be found|having trouble finding that site|can't find the server|curl: \(6\)/i,
  },
  { kind: 'forbidden', pattern: /403 forbidden|401 unauthori[sz]ed|HTTP_FORBIDDEN/i },
];
