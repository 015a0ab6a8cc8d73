import { outcomeOf } from '../../diagnostics/probes/proxy-protocol-beginnings.ts';
import { softwareOf } from '../../diagnostics/probes/proxy-protocol-software.ts';
import { whoMade } from '../../diagnostics/wire/answer-maker.ts';
import { toHex } from '../../diagnostics/wire/bytes.ts';
import { pageMark } from '../../diagnostics/wire/page-mark.ts';
import { readProxyHeader } from '../../diagnostics/wire/proxy-header-read.ts';

/** One reader of what a peer sent, given any bytes. */
export type Reader = (data: Uint8Array) => unknown;

/** Readers of the TLS probe by module; each takes the bytes first. What else they take stands beside them. */
const TLS: { [module: string]: { [name: string]: readonly unknown[] } } = {
  'tls-answer': {
    readTlsAnswer: [],
    answerIsWhole: [],
    readServerShare: [],
    handshakeMessages: [],
    keyExchangeGroup: [],
    asksForCertificate: [],
    flightIsDone: [],
    flightIsWhole: [],
  },
  'tls-flight': { readFlight: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'], stapleIn: [], certificateList: [3, false] },
  'tls13-flight': { readFlight13: [new Uint8Array(200), 0x1301, new Uint8Array(32)] },
  sslv2: { readSslv2Answer: [], sslv2AnswerIsWhole: [] },
  ocsp: { readStaple: [] },
};

const text = (data: Uint8Array): string => Buffer.from(data.subarray(0, 2_000)).toString('latin1');

/** An answer of HTTP as the request would hand it on: status, headers and body, whatever is in them. */
function answer(data: Uint8Array): Parameters<typeof whoMade>[0] {
  const all = text(data);
  const [head = '', body = ''] = all.split('\r\n\r\n');
  const headers = Object.fromEntries(
    head.split('\r\n').map((line) => {
      const [name = '', value = ''] = line.split(': ');
      return [name.toLowerCase(), value];
    }),
  );
  return { status: Number(/ (\d{3})/.exec(head)?.[1] ?? 200), headers, body };
}

/** Every reader of bytes from the wire that there is, by name; those of the TLS probe as far as they are there. */
export async function readers(): Promise<Map<string, Reader>> {
  const all = new Map<string, Reader>([
    ['readProxyHeader', readProxyHeader],
    ['outcomeOf', (data) => outcomeOf({ bytes: toHex(data.subarray(0, 1_024)), ending: 'open' })],
    ['softwareOf', (data) => softwareOf([text(data)])],
    ['whoMade', (data) => whoMade(answer(data))],
    ['pageMark', (data) => pageMark(answer(data))],
  ]);
  for (const [module, wanted] of Object.entries(TLS)) {
    const url = new URL(`../../diagnostics/wire/${module}.ts`, import.meta.url).href;
    const there = (await import(url).catch(() => ({}))) as { [name: string]: unknown };
    for (const [name, more] of Object.entries(wanted)) {
      const reader = there[name];
      if (typeof reader === 'function') all.set(name, (data) => reader(data, ...more) as unknown);
    }
  }
  const { parseChain } = (await import('../../diagnostics/wire/chain.ts')) as { [name: string]: unknown };
  if (typeof parseChain === 'function') all.set('parseChain', (data) => parseChain([data]) as unknown);
  return all;
}
