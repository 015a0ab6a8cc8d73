import { networkInterfaces } from 'node:os';
import { EXIT } from '../../diagnostics/errors.ts';
import type { Io } from '../../diagnostics/io/io.ts';
import type { HeaderTry, ProbeTarget } from '../../diagnostics/probes/proxy-protocol-beginnings.ts';
import { clientAddressSeen } from '../../diagnostics/probes/proxy-protocol-client.ts';
import {
  expectationOf,
  type HeaderProbe,
  LATE_MS,
  probeProxyProtocol,
  throughOf,
} from '../../diagnostics/probes/proxy-protocol-probe.ts';
import { type HeaderPatience, headerPatience } from '../../diagnostics/probes/proxy-protocol-timeout.ts';
import { duration } from '../../diagnostics/wording.ts';
import { printJson, readArgs, readDuration } from './options.ts';
import { orNotAllowed, probeTarget } from './probe-target.ts';

const USAGE = './dev proxy-protocol HOST:PORT [--tls] [--path /PAGE] [--deadline 4s] [--json]';
/** Enough for everything but the long waits: a header that is late by 11 s or 61 s needs `--deadline 90s`. */
const DEADLINE = '4s';
/** Beyond the deadline, for what has begun. */
const GRACE_MS = 30_000;
const WORDS: { [expects: string]: string } = {
  none: 'expects no PROXY header',
  v1: 'demands a PROXY header, version 1',
  v2: 'demands a PROXY header, version 2',
  'v1-or-v2': 'demands a PROXY header, either version',
  optional: 'takes a PROXY header if there is one',
  unknown: 'answers nothing that tells what it expects',
};

interface Result {
  address: string;
  expects: string;
  tried: HeaderTry[];
  headerTimeoutMs: number | null;
  headerTimeoutBetweenMs: [number, number | null] | null;
  clientAddressSeen: string | null;
  clientAddressTold: string | null;
  software: string | null;
}

function patienceInWords({ headerTimeoutMs, headerTimeoutBetweenMs: between }: Result): string[] {
  if (headerTimeoutMs !== null && headerTimeoutMs < 1_000)
    return [`a header later than ${duration(headerTimeoutMs)} is not taken any more: slow clients will be refused`];
  if (headerTimeoutMs !== null) return [`waits ${duration(headerTimeoutMs)} for it`];
  if (!between) return [];
  const [low, high] = between;
  return [`a header ${duration(low)} late is taken${high === null ? '' : `, one ${duration(high)} late no more`}`];
}

function asText(result: Result): string {
  const tries = result.tried.map((t) => {
    const what = [t.sent, t.form, t.delayMs && `${duration(t.delayMs)} late`].filter(Boolean).join(', ');
    return `  ${what.padEnd(28)} + ${t.payload.padEnd(5)}  ${t.outcome}${t.status ? ` ${t.status}` : ''} (${t.ms} ms)`;
  });
  const more = [
    ...patienceInWords(result),
    ...(result.software ? [`answers as ${result.software} does`] : []),
    ...(result.clientAddressSeen
      ? [
          `the far end sees ${result.clientAddressSeen} as the client${result.clientAddressTold && result.clientAddressSeen !== result.clientAddressTold ? `, not ${result.clientAddressTold}, which the header named` : ''}`,
        ]
      : []),
  ];
  return `${[`${result.address} ${WORDS[result.expects]}`, ...more.map((line) => `  ${line}`), ...tries].join('\n')}\n`;
}

/** How long the listener waits for its header; nothing where it parses none. */
async function patienceOf(
  io: Io,
  to: ProbeTarget,
  probe: HeaderProbe,
  expects: string,
  deadlineMs: number,
): Promise<HeaderPatience | null> {
  const signal = AbortSignal.timeout(deadlineMs + GRACE_MS);
  const through = throughOf(probe, to.tls);
  const late = probe.tries.find((t) => t.sent === 'delayed');
  if (expects === 'none' || expects === 'unknown' || !late) return null;
  const taken = through(late);
  // A listener that takes connections without a header lives with silence for long: not waited for in a short run.
  const waitMs = expects === 'optional' && deadlineMs < 10_000 ? 0 : deadlineMs;
  if (taken && waitMs < 1_000) return { timeoutMs: null, betweenMs: [LATE_MS, null], tries: [], connections: 0 };
  return headerPatience(
    { io, to, version: probe.version ?? 'TLSv1.2', signal },
    { lateMs: LATE_MS, taken, through },
    waitMs,
  );
}

/** `./dev proxy-protocol`: the PROXY protocol check alone (DESIGN 4.4). */
export async function proxyProtocol(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(
    args,
    USAGE,
    {
      tls: { type: 'boolean' },
      json: { type: 'boolean' },
      path: { type: 'string', default: '/' },
      deadline: { type: 'string', default: DEADLINE },
    },
    { min: 1, max: 1 },
  );
  const deadlineMs = readDuration(values.deadline, '--deadline');
  const { host, address, io } = await probeTarget(positionals[0] as string, USAGE);
  const to = { address, host, tls: values.tls ?? false };
  const began = performance.now();
  const { probe, expects, patience, client } = await orNotAllowed(
    (async () => {
      const probe = await probeProxyProtocol(io, to, AbortSignal.timeout(GRACE_MS), { thorough: true });
      const expects = expectationOf(probe, to.tls);
      const left = Math.max(0, Math.round(deadlineMs - (performance.now() - began)));
      const [patience, client] = await Promise.all([
        probe.unreachable ? null : patienceOf(io, to, probe, expects, left),
        expects === 'unknown'
          ? { seen: null, told: null }
          : clientAddressSeen(io, to, expects, values.path, ownAddresses(), AbortSignal.timeout(GRACE_MS)),
      ]);
      return { probe, expects, patience, client };
    })(),
  );
  const result = {
    address,
    tls: to.tls,
    expects,
    tried: [...probe.tries, ...(patience?.tries ?? [])],
    headerTimeoutMs: patience?.timeoutMs ?? null,
    headerTimeoutBetweenMs: patience?.betweenMs ?? null,
    clientAddressSeen: client.seen,
    clientAddressTold: client.told,
    software: probe.software ?? null,
    unreachable: probe.unreachable,
    connections: probe.connections + (patience?.connections ?? 0) + (expects === 'unknown' ? 0 : 1),
    durationMs: Math.round(performance.now() - began),
  };
  if (values.json) printJson(result);
  else if (!probe.unreachable) process.stdout.write(asText(result));
  if (!probe.unreachable) return 0;
  process.stderr.write(`proxy-protocol: nobody answers at ${address} (${probe.unreachable})\n`);
  return EXIT.unavailable;
}

/** Addresses of this machine, any of which a far end may see. */
const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((one) => one.address));
