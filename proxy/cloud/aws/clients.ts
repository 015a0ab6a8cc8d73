import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';
import type { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { blindOf } from './errors.ts';

/** Where and as whom AWS is asked. Credentials come from the environment (variables, profile, role) or from a file. */
export interface AwsPlace {
  region: string;
  /** A stand-in, or a private endpoint; null: AWS' own. */
  endpoint: string | null;
  profile: string | null;
  /** A file in the form of AWS' shared credentials, absolute; null: whatever the environment gives. */
  credentials: string | null;
}

/** Most bytes of one answer: a page holds at most 400 balancers, targets of one group are hundreds. */
const MAX_BYTES = 8 * 1024 * 1024;
const CONNECT_MS = 2_000;
const ANSWER_MS = 4_000;
/** Tries in all; the client waits longer and longer between them, and longer after throttling. */
const TRIES = 3;

interface Stream {
  on(event: string, listener: (chunk: { length: number }) => void): unknown;
  destroy(error: Error): unknown;
}
interface AnyClient {
  middlewareStack: {
    add(
      middleware: (next: (args: never) => Promise<object>) => (args: never) => Promise<object>,
      options: { step: 'deserialize'; priority: 'low'; name: string },
    ): void;
  };
}

/** Ends an answer that does not end: the client itself would read whatever comes into memory. */
function bounded<T>(client: T): T {
  (client as AnyClient).middlewareStack.add(
    (next) => async (args) => {
      const out = await next(args);
      const body = (out as { response?: { body?: Stream } }).response?.body;
      let bytes = 0;
      if (body && typeof body.on === 'function' && typeof body.destroy === 'function')
        body.on('data', (chunk) => {
          bytes += chunk.length;
          if (bytes > MAX_BYTES)
            body.destroy(new BlindLook('too-large', `an answer of AWS is over ${MAX_BYTES} bytes`));
        });
      return out;
    },
    { step: 'deserialize', priority: 'low', name: 'boundAnswer' },
  );
  return client;
}

/** The packages are 33 MB of memory: they are loaded when the first balancer of AWS is asked, and not before. */
const modules = {
  v2: () => import('@aws-sdk/client-elastic-load-balancing-v2'),
  classic: () => import('@aws-sdk/client-elastic-load-balancing'),
  watch: () => import('@aws-sdk/client-cloudwatch'),
  ini: () => import('@aws-sdk/credential-provider-ini'),
};

export interface Clients {
  place: AwsPlace;
  v2: ElasticLoadBalancingV2Client;
  classic: ElasticLoadBalancingClient;
  watch: CloudWatchClient;
  commands: {
    v2: typeof import('@aws-sdk/client-elastic-load-balancing-v2');
    classic: typeof import('@aws-sdk/client-elastic-load-balancing');
    watch: typeof import('@aws-sdk/client-cloudwatch');
  };
}

async function open(place: AwsPlace): Promise<Clients> {
  const [v2, classic, watch] = await Promise.all([modules.v2(), modules.classic(), modules.watch()]);
  const ini = place.credentials === null ? null : await modules.ini();
  const config = {
    region: place.region,
    maxAttempts: TRIES,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS },
    ...(place.endpoint !== null && { endpoint: place.endpoint }),
    ...(place.profile !== null && { profile: place.profile }),
    ...(ini &&
      place.credentials !== null && {
        // No other file of this machine is read then.
        credentials: ini.fromIni({
          filepath: place.credentials,
          configFilepath: place.credentials,
          ...(place.profile !== null && { profile: place.profile }),
        }),
      }),
  };
  return {
    place,
    v2: bounded(new v2.ElasticLoadBalancingV2Client(config)),
    classic: bounded(new classic.ElasticLoadBalancingClient(config)),
    watch: bounded(new watch.CloudWatchClient(config)),
    commands: { v2, classic, watch },
  };
}

/** Clients keep credentials and connections: one set for each place, the newest few. */
const opened = new Map<string, Promise<Clients>>();
const MOST_PLACES = 8;

export function clientsFor(place: AwsPlace): Promise<Clients> {
  const key = JSON.stringify(place);
  const known = opened.get(key);
  if (known) return known;
  const clients = open(place);
  clients.catch(() => opened.delete(key));
  opened.set(key, clients);
  if (opened.size > MOST_PLACES) {
    const oldest = opened.keys().next().value as string;
    opened
      .get(oldest)
      ?.then((one) => {
        for (const client of [one.v2, one.classic, one.watch]) client.destroy();
      })
      .catch(() => {});
    opened.delete(oldest);
  }
  return clients;
}

export const endpointOf = (place: AwsPlace): string => place.endpoint ?? `AWS in ${place.region}`;

/** One question; what goes wrong is a BlindLook that names the IAM action. */
export async function ask<T>(place: AwsPlace, action: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw blindOf(error, action, endpointOf(place));
  }
}

/** All pages of a list, at most `most` of them. `page` gets the marker of the last one, and gives the next. */
export async function pages<T>(
  page: (marker: string | undefined) => Promise<{ items: T[]; next: string | undefined }>,
  most: number,
): Promise<T[]> {
  const all: T[] = [];
  let marker: string | undefined;
  for (let i = 0; i < most; i++) {
    const { items, next } = await page(marker);
    for (const item of items) all.push(item);
    // The same marker again would be an endless list.
    if (!next || next === marker) break;
    marker = next;
  }
  return all;
}
