/** What a lab's Envoy is to do, in few words. Ports are on 127.0.0.1; files are absolute or relative to its folder. */
export interface EnvoyPlan {
  admin: number;
  listeners: EnvoyListenerPlan[];
  clusters: { [name: string]: EnvoyClusterPlan };
  sites: EnvoySitePlan[];
  /** JSON access log; no such log without it. */
  log?: string;
  /** Access log in Envoy's default format. */
  defaultLog?: string;
  /** Listeners and clusters come from files beside the bootstrap (`lds.json`, `cds.json`) and can be replaced at run time. */
  dynamic?: boolean;
}

export interface EnvoyListenerPlan {
  name?: string;
  port: number;
  /** TLS with these PEM files; clear HTTP without them. */
  certificate?: { chain: string; key: string };
  /** The PROXY protocol listener filter: mandatory header, or an allowed one. */
  proxyHeader?: 'required' | 'optional';
  minimumTls?: 'TLSv1_2' | 'TLSv1_3';
  /** Names of the sites that it serves; all of them without it. */
  sites?: string[];
  /** Connections that it may have at once; above that they are taken and closed. Needs a name. */
  connections?: number;
}

export interface EnvoyClusterPlan {
  endpoints: number[];
  connectTimeoutMs?: number;
  /** Circuit breaker, default priority. */
  breaker?: { connections?: number; pending?: number; requests?: number; retries?: number };
  outlier?: { consecutive5xx: number; ejectSeconds: number; mostPercent: number };
  health?: { path: string; everyMs: number };
  /** PROXY header before what goes to the endpoints. */
  sends?: 'proxy-v1' | 'proxy-v2';
}

export interface EnvoySitePlan {
  name: string;
  domains: string[];
  /** Without any: everything to the cluster of the site's own name. */
  routes?: EnvoyRoutePlan[];
}

export interface EnvoyRoutePlan {
  prefix?: string;
  path?: string;
  regex?: string;
  cluster?: string;
  timeoutMs?: number;
  retries?: number;
  redirect?: { https?: boolean; host?: string };
  answer?: { status: number; body: string };
}
