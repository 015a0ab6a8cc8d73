import { EXIT } from '../../diagnostics/errors.ts';
import { expectationOf, type HeaderTry, probeProxyProtocol } from '../../diagnostics/probes/proxy-protocol-probe.ts';
import { printJson, readArgs } from './options.ts';
import { orNotAllowed, probeTarget } from './probe-target.ts';

const USAGE = './dev proxy-protocol HOST:PORT [--tls] [--json]';
const LIMIT_MS = 30_000;
const WORDS: { [expects: string]: string } = {
  none: 'expects no PROXY header',
  v1: 'demands a PROXY header, version 1',
  v2: 'demands a PROXY header, version 2',
  'v1-or-v2': 'demands a PROXY header, either version',
  optional: 'takes a PROXY header if there is one',
  unknown: 'answers nothing that tells what it expects',
};

function asText(result: {
  address: string;
  expects: string;
  tried: Pick<HeaderTry, 'sent' | 'payload' | 'outcome' | 'status' | 'ms'>[];
}): string {
  const tries = result.tried.map(
    (t) =>
      `  ${t.sent.padEnd(10)} + ${t.payload.padEnd(5)}  ${t.outcome}${t.status ? ` ${t.status}` : ''} (${t.ms} ms)`,
  );
  return `${result.address} ${WORDS[result.expects]}\n${tries.join('\n')}\n`;
}

/** `./dev proxy-protocol`: the PROXY protocol check alone (DESIGN 4.4). */
export async function proxyProtocol(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(
    args,
    USAGE,
    { tls: { type: 'boolean' }, json: { type: 'boolean' } },
    { min: 1, max: 1 },
  );
  const { host, address, io } = await probeTarget(positionals[0] as string, USAGE);
  const tls = values.tls ?? false;
  const began = performance.now();
  const probe = await orNotAllowed(
    probeProxyProtocol(io, { address, host, tls }, AbortSignal.timeout(LIMIT_MS), { thorough: true }),
  );
  const expects = expectationOf(probe, tls);
  const result = {
    address,
    tls,
    expects,
    tried: probe.tries.map(({ sent, payload, outcome, firstBytes, status, ms }) => ({
      sent,
      payload,
      outcome,
      firstBytes,
      status,
      ms,
    })),
    // How long a silent listener waits for its header needs a minute of waiting: not measured here.
    headerTimeoutMs: null,
    clientAddressSeen: null,
    unreachable: probe.unreachable,
    connections: probe.connections,
    durationMs: Math.round(performance.now() - began),
  };
  if (values.json) printJson(result);
  else if (!probe.unreachable) process.stdout.write(asText(result));
  if (!probe.unreachable) return 0;
  process.stderr.write(`proxy-protocol: nobody answers at ${address} (${probe.unreachable})\n`);
  return EXIT.unavailable;
}
