import { EXIT, TriageError } from '../../diagnostics/errors.ts';
import { compareProbes } from '../../diagnostics/probes/tls/compare.ts';
import { probeTls } from '../../diagnostics/probes/tls-probe.ts';
import { printJson, readArgs } from './options.ts';
import { orNotAllowed, probeTarget, sniOf } from './probe-target.ts';
import { comparisonText, probeText } from './tls-text.ts';

const USAGE =
  './dev tls HOST:PORT [--servername N] [--proxy-protocol v1|v2] [--ca FILE] [--only suites] [--replay] [--compare FILE] [--json]';
const LIMIT_MS = 60_000;

/** `./dev tls`: the TLS probe alone (DESIGN 4.3). */
export async function tls(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(
    args,
    USAGE,
    {
      servername: { type: 'string' },
      'proxy-protocol': { type: 'string' },
      ca: { type: 'string' },
      only: { type: 'string' },
      replay: { type: 'boolean' },
      compare: { type: 'string' },
      json: { type: 'boolean' },
    },
    { min: 1, max: 1 },
  );
  const header = values['proxy-protocol'];
  if (header !== undefined && header !== 'v1' && header !== 'v2')
    throw new TriageError('wrong-usage', `--proxy-protocol: ${header} is neither v1 nor v2\nusage: ${USAGE}`);
  if (values.only !== undefined && values.only !== 'suites')
    throw new TriageError('wrong-usage', `--only: ${values.only} is not suites\nusage: ${USAGE}`);
  if (values.only && values.compare !== undefined)
    throw new TriageError('wrong-usage', `--compare is about clients, which --only suites leaves out\nusage: ${USAGE}`);
  const before = values.compare === undefined ? null : (await import('./saved-probe.ts')).readSaved(values.compare);
  const { host, address, io } = await probeTarget(positionals[0] as string, USAGE, values.ca ? [values.ca] : []);
  const servername = values.servername ?? sniOf(host);
  const proxyHeader = header === 'v2' ? 'local' : (header ?? 'none');
  const to = { address, servername, proxyHeader } as const;
  const options = { ...(values.only ? { only: 'suites' as const } : {}), replay: values.replay === true };
  const probe = await orNotAllowed(probeTls(io, to, AbortSignal.timeout(LIMIT_MS), options));
  const comparison = before && probe.reachable ? compareProbes(before, probe) : null;
  if (values.json) printJson(comparison ? { ...probe, comparison } : probe);
  else process.stdout.write(`${probeText(probe)}${comparison ? `\n${comparisonText(comparison)}` : ''}`);
  if (probe.reachable) return 0;
  process.stderr.write(`tls: nobody answers at ${address} (${probe.refusal})\n`);
  return EXIT.unavailable;
}
