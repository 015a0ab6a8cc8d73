/**
 * How often each look alone led to an answer where there was none: [times it did, times it was tried]. Learnt, never edited:
 * `./dev eval --looks --from DIR --write`, on three of five incidents (seed 1) in their variants with less to see.
 */
export const LOOK_TELLS: {
  readonly all: Table;
  /** By what our own requests met (`stateOf`). */
  readonly states: { readonly [state: string]: Table };
  /** By what the report spoke of. */
  readonly kinds: { readonly [symptom: string]: Table };
} = {
  all: {
    'accept-queue': [5, 259],
    'balancer-resets': [5, 10],
    'balancer-settings': [2, 7],
    'balancer-targets': [2, 36],
    'cluster-pods': [2, 24],
    'cluster-proxy': [4, 25],
    'cluster-route': [4, 19],
    'cluster-service': [3, 26],
    drain: [1, 28],
    'endpoint-answers': [63, 237],
    'endpoint-balance': [24, 116],
    'limits-and-timeouts': [4, 117],
    'name-resolution': [1, 70],
    'network-policy': [3, 16],
    'node-connections': [3, 6],
    'path-bisect': [276, 385],
    'proxy-complaints': [40, 334],
    'proxy-health': [8, 271],
    'proxy-protocol': [7, 189],
    'route-owner': [1, 352],
    tls: [16, 66],
    'traffic-over-time': [3, 88],
    'traffic-policy': [1, 10],
    'upstream-attribution': [72, 424],
  },
  states: {
    answers: {
      'balancer-resets': [5, 9],
      'balancer-settings': [2, 5],
      'balancer-targets': [1, 22],
      'cluster-pods': [2, 15],
      'cluster-route': [1, 10],
      drain: [1, 17],
      'endpoint-answers': [16, 52],
      'endpoint-balance': [19, 62],
      'limits-and-timeouts': [3, 33],
      'node-connections': [1, 1],
      'path-bisect': [29, 54],
      'proxy-complaints': [32, 127],
      'proxy-health': [7, 119],
      'proxy-protocol': [2, 55],
      tls: [10, 22],
      'traffic-over-time': [3, 34],
      'traffic-policy': [1, 6],
      'upstream-attribution': [59, 177],
    },
    fails: {
      'accept-queue': [5, 38],
      'balancer-targets': [1, 5],
      'cluster-proxy': [4, 10],
      'cluster-route': [3, 5],
      'cluster-service': [3, 7],
      'endpoint-answers': [47, 72],
      'limits-and-timeouts': [1, 16],
      'name-resolution': [1, 13],
      'network-policy': [3, 5],
      'node-connections': [2, 3],
      'path-bisect': [9, 30],
      'proxy-complaints': [8, 71],
      'proxy-health': [1, 45],
      'proxy-protocol': [5, 38],
      'route-owner': [1, 62],
      tls: [6, 16],
      'upstream-attribution': [13, 74],
    },
    'not-asked': {
      'path-bisect': [238, 300],
    },
    slow: {
      'endpoint-balance': [5, 5],
    },
  },
  kinds: {
    certificate: {
      'endpoint-answers': [1, 18],
      'path-bisect': [17, 23],
      tls: [9, 15],
    },
    disconnects: {
      'endpoint-answers': [2, 4],
      'path-bisect': [6, 7],
      'upstream-attribution': [8, 10],
    },
    'errors-5xx': {
      'balancer-resets': [1, 3],
      'cluster-pods': [2, 7],
      'cluster-service': [3, 7],
      'endpoint-answers': [44, 110],
      'limits-and-timeouts': [3, 61],
      'network-policy': [3, 7],
      'path-bisect': [90, 138],
      'proxy-complaints': [29, 145],
      'route-owner': [1, 130],
      'traffic-over-time': [3, 27],
      'upstream-attribution': [47, 160],
    },
    forbidden: {
      'path-bisect': [1, 2],
      'traffic-policy': [1, 1],
    },
    handshake: {
      'path-bisect': [34, 42],
      'proxy-protocol': [3, 23],
      tls: [9, 23],
    },
    name: {
      'cluster-route': [1, 1],
      'endpoint-answers': [1, 5],
      'path-bisect': [7, 8],
    },
    'not-found': {
      'cluster-route': [3, 4],
      'endpoint-answers': [8, 17],
      'path-bisect': [16, 23],
    },
    'redirect-loop': {
      'path-bisect': [4, 4],
    },
    reset: {
      'balancer-resets': [2, 2],
      'balancer-targets': [2, 8],
      'cluster-proxy': [2, 4],
      drain: [1, 3],
      'endpoint-answers': [3, 24],
      'path-bisect': [31, 43],
      'proxy-complaints': [1, 34],
      'proxy-health': [8, 35],
      'proxy-protocol': [5, 17],
      tls: [1, 14],
      'upstream-attribution': [5, 48],
    },
    slow: {
      'accept-queue': [5, 40],
      'balancer-targets': [2, 5],
      'endpoint-answers': [5, 27],
      'endpoint-balance': [18, 33],
      'node-connections': [3, 3],
      'path-bisect': [46, 55],
      'upstream-attribution': [7, 66],
    },
    timeout: {
      'endpoint-answers': [15, 27],
      'limits-and-timeouts': [1, 20],
      'network-policy': [3, 5],
      'node-connections': [3, 3],
      'path-bisect': [31, 39],
      'proxy-complaints': [9, 34],
      'upstream-attribution': [8, 38],
    },
    'too-large': {
      'path-bisect': [1, 3],
      'proxy-complaints': [5, 7],
    },
    uneven: {
      'balancer-settings': [2, 3],
      'endpoint-balance': [18, 28],
      'path-bisect': [9, 15],
      'upstream-attribution': [1, 30],
    },
    unspecified: {
      'balancer-resets': [2, 4],
      'cluster-proxy': [2, 12],
      'endpoint-answers': [1, 14],
      'limits-and-timeouts': [1, 13],
      'path-bisect': [34, 47],
      'proxy-complaints': [5, 23],
      'upstream-attribution': [10, 54],
    },
    'wrong-content': {
      'cluster-route': [1, 1],
      'endpoint-answers': [4, 10],
      'name-resolution': [1, 5],
      'path-bisect': [11, 15],
    },
  },
};

/** [times it alone led to an answer, times it was tried]. */
export type Told = readonly [told: number, tried: number];
type Table = { readonly [check: string]: Told };
