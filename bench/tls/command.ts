import { join } from 'node:path';
import { median } from './compare-setup.ts';
import { type Peer, runPeer } from './peers.ts';

const RUNS = 5;

/** `./dev tls --only suites` and sslscan as a person starts them, in turns. */
export async function commandTime(
  port: number,
  peers: Peer[],
): Promise<{ oursMs: number; sslscanMs: number | null; ratio: number | null }> {
  const dev = join(import.meta.dirname, '..', '..', 'dev');
  const sslscan = peers.find((peer) => peer.id === 'sslscan')?.command ?? null;
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let i = 0; i < RUNS + 1; i++) {
    const own = await runPeer([
      dev,
      'tls',
      `127.0.0.1:${port}`,
      '--servername',
      'lab.test',
      '--only',
      'suites',
      '--json',
    ]);
    if (i > 0) ours.push(own.ms);
    if (sslscan && i > 0) theirs.push((await runPeer(sslscan(port))).ms);
  }
  const oursMs = Math.round(median(ours));
  const sslscanMs = theirs.length ? Math.round(median(theirs)) : null;
  return { oursMs, sslscanMs, ratio: sslscanMs === null ? null : Math.round((sslscanMs / oursMs) * 100) / 100 };
}
