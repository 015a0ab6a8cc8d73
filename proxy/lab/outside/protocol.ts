/** What a world and its outside process say to each other over Node's IPC channel. Plain JSON both ways. */

/** How an application behaves. Every endpoint has a queue of its own: `atATime` requests are served, the rest wait. */
export interface Behaviour {
  /** Wanted time to make one answer, ms, without waiting; each answer takes 0.85 to 1.15 times that. */
  latencyMs: number;
  /** Requests that one endpoint works on at a time. */
  atATime: number;
  /** Share of requests that the application answers with `errorStatus`, 0 to 1. */
  errorRate: number;
  errorStatus: number;
}

export interface EndpointPlace {
  name: string;
  port: number;
}

/** One application: a host's pages, served by some endpoints. */
export interface ApplicationPlan {
  name: string;
  host: string;
  behaviour: Behaviour;
  endpoints: EndpointPlace[];
}

/** How people use one host. */
export interface Visits {
  host: string;
  /** Port on 127.0.0.1 where the host's outermost hop listens for TLS. */
  port: number;
  /** New connections a second, one request each. */
  perSecond: number;
  /** People who click, wait for the page, read it for a second, and click again. */
  crowd: number;
  /** Clients among the new connections that know only RSA key exchange (SAP's default), 0 to 1. */
  oldClients: number;
  /** Clients that keep one connection and send a request a second on it. */
  keepAlive: number;
  /** Clients that hold an upgraded (websocket) connection open. */
  live: number;
}

/** What people met on one host since the counting began. */
export interface Experience {
  host: string;
  ok: number;
  failed: number;
  /** Failed requests by HTTP status or error code. */
  by: Record<string, number>;
  /** Connections that were kept or upgraded and that the other side ended. */
  disconnects: number;
  /** Time of the answers, ms; null before the first. */
  medianMs: number | null;
}

export type Order =
  | { do: 'open'; application: ApplicationPlan }
  | { do: 'behave'; application: string; behaviour: Partial<Behaviour> }
  | { do: 'down'; application: string; endpoints?: string[] }
  | { do: 'up'; application: string }
  | { do: 'move'; application: string; endpoints: EndpointPlace[] }
  | { do: 'visit'; visits: Visits[]; trust: string }
  | { do: 'burst'; requests: number }
  | { do: 'count-anew' }
  | { do: 'experience' };

export type Message = { id: number; order: Order };
export type Reply = { id: number; result: Experience[] | null } | { id: number; error: string; code: string | null };
