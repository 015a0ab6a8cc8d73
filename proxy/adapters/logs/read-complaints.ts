import { BlindLook, type Complaints } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import type { Window } from '../../../diagnostics/window.ts';
import { complaintsIn } from './complaints.ts';
import { tailSince } from './tail.ts';

/** What to name, by kind, so that the proxy's own words can be read. */
const HINT: { [kind: string]: string } = {
  nginx: 'no error log is known; name it as errorLog:',
  'ingress-nginx': 'no error log is known; name it as errorLog:',
  haproxy: 'its log is not known; send it to a file (option httplog) and name it as accessLog:',
  traefik: 'its own log is not known; write it to a file (--log.filePath=…) and name it as errorLog:',
  envoy: 'its own log is not known; write it to a file (--log-path …) and name it as errorLog:',
};

/** Reads the end of a proxy's own log, with what was rotated since the window's begin. Throws BlindLook. */
export async function readComplaints(
  kind: string,
  instance: Instance,
  host: string,
  window: Window,
): Promise<Complaints> {
  const haproxy = kind.startsWith('haproxy');
  // HAProxy has one log for everything.
  const file = haproxy ? (instance.errorLog ?? instance.accessLog) : instance.errorLog;
  if (file === null)
    throw new BlindLook(
      'not-configured',
      `${instance.name}: ${HINT[haproxy ? 'haproxy' : kind] ?? 'no error log is known; name it as errorLog:'}`,
    );
  const { lines } = await tailSince(file, Date.parse(window.from));
  return complaintsIn(kind, lines, file, host, window);
}
