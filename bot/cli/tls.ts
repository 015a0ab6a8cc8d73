import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { EXIT, reasonOf, TriageError } from '../../diagnostics/errors.ts';
import { type Compared, compareProbes } from '../../diagnostics/probes/tls/compare.ts';
import { probeTls } from '../../diagnostics/probes/tls-probe.ts';
import { printJson, readArgs } from './options.ts';
import { orNotAllowed, probeTarget, sniOf } from './probe-target.ts';
import { comparisonText, probeText } from './tls-text.ts';

const USAGE =
  './dev tls HOST:PORT [--servername N] [--proxy-protocol v1|v2] [--ca FILE] [--only suites] [--replay] [--compare FILE] [--json]';
const LIMIT_MS = 60_000;
/** A saved probe has some tens of kilobytes. */
const MAX_SAVED = 4_000_000;

const suite = z.object({ id: z.string(), name: z.string() });
const negotiated = z.object({ version: z.string(), cipher: z.string(), id: z.string() }).nullable();
const saved = z.object({
  versions: z.array(z.string()),
  ciphers: z.record(z.string(), z.array(suite)),
  certificates: z.array(
    z.object({ subject: z.string(), keyType: z.string(), notAfter: z.string(), sha256: z.string() }),
  ),
  clients: z.array(z.object({ profile: z.string(), title: z.string(), result: z.string(), negotiated })),
});

/** A probe that was saved with --json. Throws TriageError `unreadable` naming the file and what is wrong with it. */
function readSaved(file: string): Compared {
  try {
    if (statSync(file).size > MAX_SAVED) throw new Error(`larger than ${MAX_SAVED / 1_000_000} MB`);
    return saved.parse(JSON.parse(readFileSync(file, 'utf8'))) as unknown as Compared;
  } catch (error) {
    const why =
      error instanceof z.ZodError ? `no saved probe (${z.prettifyError(error).split('\n')[0]})` : reasonOf(error);
    throw new TriageError('unreadable', `${file}: ${why}; save one with ./dev tls HOST:PORT --json >${file}`, {
      cause: error,
    });
  }
}

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
  const before = values.compare === undefined ? null : readSaved(values.compare);
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
