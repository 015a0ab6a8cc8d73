/** What the lab of a rollout and its outside process say to each other over Node's IPC channel. */

export interface People {
  host: string;
  /** The balancer's port on 127.0.0.1. */
  port: number;
  /** New connections a second; each sends some requests and goes. */
  perSecond: number;
  /** Of these, clients that know only RSA key exchange, 0 to 1. */
  oldClients: number;
  /** File of the authority that they trust. */
  trust: string;
}

export interface AppBehaviour {
  /** Share of requests that are answered with 500, whoever asks. */
  errorRate: number;
  /** Share of requests that came through the new proxies and take longer, and by how much. */
  slowShare: number;
  slowMs: number;
}

export type Order =
  | { do: 'open'; endpoints: { name: string; port: number }[] }
  | { do: 'behave'; behaviour: Partial<AppBehaviour> }
  /** A gate before the new proxies that resets a share of the connections. */
  | { do: 'gate'; port: number; to: number; resetShare: number }
  | { do: 'visit'; people: People }
  | { do: 'leave' };

export type Message = { id: number; order: Order };
export type Reply = { id: number; error: string | null };

/** The header by which the application knows that the new proxies asked. */
export const NEW_SIDE_HEADER = 'x-edge-side';
