import { guardFor } from '../../diagnostics/io/guard.ts';
import type { Io } from '../../diagnostics/io/io.ts';
import { liveIo } from '../../diagnostics/io/live-io.ts';
import { probeTls, type TlsProbe, type TlsProbeOptions } from '../../diagnostics/probes/tls-probe.ts';
import { readTlsAnswer } from '../../diagnostics/wire/tls-answer.ts';
import { clientHello, type TlsVersion, VERSIONS } from '../../diagnostics/wire/tls-hello.ts';

const none = async (): Promise<never> => Promise.reject(new Error('no proxy in a benchmark'));

/** The real Io, on loopback only. */
export function benchIo(ca: string): Io {
  return liveIo({
    guard: guardFor((ip) => ip.startsWith('127.')),
    trust: [ca],
    dns: {},
    proxy: {
      reloads: none,
      requests: none,
      shares: none,
      complaints: none,
      targets: none,
      routes: none,
      sample: none,
      history: none,
      settings: none,
      health: none,
      node: none,
    },
  });
}

export const probe = (io: Io, port: number, options: TlsProbeOptions): Promise<TlsProbe> =>
  probeTls(
    io,
    { address: `127.0.0.1:${port}`, servername: 'lab.test', proxyHeader: 'none' },
    AbortSignal.timeout(60_000),
    options,
  );

/** `TLSv1.2 0xc02f` for each suite of each version; SSL 2.0 has suites of another kind, and is left out. */
export const suiteSet = (seen: TlsProbe): Set<string> =>
  new Set(
    Object.entries(seen.ciphers)
      .filter(([version]) => version !== 'SSLv2')
      .flatMap(([version, suites]) => suites.map((suite) => `${version} ${suite.id}`)),
  );

/** Does the server take this one suite in this version, offered alone? Decides who is right where two scanners differ. */
export async function takes(io: Io, port: number, one: string): Promise<boolean> {
  const [version, id] = one.split(' ') as [TlsVersion, string];
  if (!(version in VERSIONS)) return false;
  const hello = clientHello({ version, suites: [Number(id)], serverName: 'lab.test' });
  const { bytes } = await io.converse(
    { address: `127.0.0.1:${port}`, send: [{ bytes: hello }], keep: 4_096, patienceMs: 3_000 },
    AbortSignal.timeout(5_000),
  );
  const answer = readTlsAnswer(Buffer.from(bytes, 'hex'));
  return answer.is === 'hello' && answer.version === version && answer.suite === Number(id);
}
