import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../diagnostics/types.ts';
import { ApiError, type Connection } from './connection.ts';
import { proxiesIn } from './discover/discover.ts';
import { inOurZone } from './logs/zone.ts';
import type { ClusterView } from './view.ts';

/** The end of what a container wrote: access log, error log and the process' own words in one stream. */
export interface PodLog {
  /** `Pod namespace/name, container`. */
  source: string;
  /** Whole lines, oldest first. */
  lines: string[];
  /** Older lines were left unread. */
  cut: boolean;
}

/** Reads logs of discovered instances. Throws BlindLook naming the right to grant. */
export interface PodLogs {
  /** Is there a pod behind it whose log could be read? */
  covers(instance: Instance): boolean;
  read(instance: Instance, from: number, signal: AbortSignal): Promise<PodLog>;
  /** The access log's format, where the objects say it; null: find out. */
  format(hop: string): string | null;
}

/** What one look reads of a log, as of files (TAIL_BYTES), and how many lines of usual length that is. */
const MOST_BYTES = 6 * 1024 * 1024;
const MOST_LINES = 20_000;
const PATIENCE_MS = 5_000;
/** Lines from before the window show that an access log is being written at all, s. */
const BEFORE_S = 300;
/** Looks of one case read the same log: what was read a moment ago serves all of them. */
const KEPT_MS = 4_000;
const KEPT_LOGS = 8;

const placeOf = ({ more }: Instance): { namespace: string; pod: string; container: string | null } | null => {
  const [namespace, pod] = typeof more.pod === 'string' ? more.pod.split('/') : [];
  return namespace && pod
    ? { namespace, pod, container: typeof more.container === 'string' ? more.container : null }
    : null;
};

/** What the API server's refusals mean (recorded: 403, 404, and 500 where it does not reach the kubelet). */
function blindLog(error: unknown, namespace: string, source: string): BlindLook {
  if (!(error instanceof ApiError)) return new BlindLook('deadline', `${source}: its log did not come in time`);
  if (error.status === 403)
    return new BlindLook('denied', `logs may not be read in the namespace ${namespace}: grant get on pods/log`);
  if (error.status === 401)
    return new BlindLook('denied', 'the API server does not know us any more (401): renew the token or certificate');
  if (error.status === 404) return new BlindLook('not-configured', `${source}: it is gone, and its log with it`);
  if (error.status === 400) return new BlindLook('not-configured', `${source}: ${error.message}`);
  return new BlindLook('no-connection', `${source}: the API server could not get its log: ${error.message}`);
}

/** Logs of the pods of one cluster, each read bounded in lines, bytes and time. */
export function podLogs(connection: Connection, view: ClusterView, now: () => number = Date.now): PodLogs {
  const recent = new Map<string, { from: number; log: Promise<PodLog> }>();

  const ask = async (
    place: NonNullable<ReturnType<typeof placeOf>>,
    from: number,
    signal: AbortSignal,
  ): Promise<PodLog> => {
    const { namespace, pod, container } = place;
    const source = `Pod ${namespace}/${pod}${container ? `, ${container}` : ''}`;
    const within = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const text = (tailLines: number): Promise<string> =>
      connection.text(
        `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`,
        {
          ...(container && { container }),
          tailLines: String(tailLines),
          limitBytes: String(MOST_BYTES),
          sinceSeconds: String(Math.max(1, Math.ceil((now() - from) / 1000)) + BEFORE_S),
        },
        MOST_BYTES,
        within,
      );
    try {
      let asked = MOST_LINES;
      let lines = (await text(asked)).split('\n');
      // limitBytes cuts off the end, which is the newest (kubelet: ReadLogs stops there): then fewer lines, whole.
      const size = (): number => lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, -1);
      for (let attempt = 0; size() >= MOST_BYTES - 1 && attempt < 3; attempt++) {
        asked = Math.max(1, Math.floor(Math.min(asked, lines.length) * 0.7));
        lines = (await text(asked)).split('\n');
      }
      const cut = lines.length > asked;
      if (size() >= MOST_BYTES - 1 || lines.at(-1) === '') lines.pop();
      return { source, lines: lines.map(inOurZone), cut };
    } catch (error) {
      throw blindLog(error, namespace, source);
    }
  };

  return {
    covers: (instance) => placeOf(instance) !== null,
    format(hop) {
      const proxy = proxiesIn(view).find((one) => one.name === hop);
      if (proxy?.kind !== 'ingress-nginx') return null;
      return proxy.configMap?.data['log-format-upstream'] ?? 'upstreaminfo';
    },
    read(instance, from, signal) {
      const place = placeOf(instance);
      if (!place) throw new BlindLook('not-configured', `${instance.name}: no pod is known`);
      const key = `${place.namespace}/${place.pod}/${place.container}`;
      const known = recent.get(key);
      if (known && known.from <= from) return known.log;
      // The first who asks may be gone before the others: only time ends the reading that they share.
      const entry = { from, log: ask(place, from, AbortSignal.timeout(PATIENCE_MS)) };
      recent.set(key, entry);
      if (recent.size > KEPT_LOGS) recent.delete(recent.keys().next().value as string);
      const forget = (): void => {
        if (recent.get(key) === entry) recent.delete(key);
      };
      entry.log.catch(forget);
      setTimeout(forget, KEPT_MS).unref();
      if (!signal.aborted) return entry.log;
      throw new BlindLook('deadline', `${instance.name}: no time was left to read its log`);
    },
  };
}
