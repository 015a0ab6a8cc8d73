import { EXIT, TriageError } from '../../diagnostics/errors.ts';
import { probeTls, type TlsProbe } from '../../diagnostics/probes/tls-probe.ts';
import { printJson, readArgs } from './options.ts';
import { orNotAllowed, probeTarget, sniOf } from './probe-target.ts';

const USAGE = './dev tls HOST:PORT [--servername N] [--proxy-protocol v1|v2] [--json]';
const LIMIT_MS = 60_000;

function asText(probe: TlsProbe): string {
  if (!probe.reachable) return '';
  if (probe.plaintext) return `${probe.address} answers a TLS handshake in clear text: ${probe.plaintext.looksLike}\n`;
  if (probe.versions.length === 0) return `${probe.address} refuses every handshake (${probe.refusal})\n`;
  const lines = [
    `${probe.address}${probe.servername ? ` as ${probe.servername}` : ''}: ${probe.versions.join(', ')}${probe.alpn.length ? `; ${probe.alpn.join(', ')}` : ''}`,
  ];
  for (const version of [...probe.versions].reverse()) {
    const order = probe.serverPreference[version];
    lines.push(
      '',
      `${version}${order === null || order === undefined ? '' : order ? " (server's order)" : ' (no order of its own)'}`,
    );
    for (const suite of probe.ciphers[version] ?? []) lines.push(`  ${suite.id}  ${suite.name}`);
  }
  lines.push(
    '',
    `groups: ${probe.groups.join(', ') || 'none seen'}`,
    `chain: ${probe.chain}${probe.nameMatches === null ? '' : probe.nameMatches ? ', name matches' : ', name does NOT match'}`,
  );
  for (const c of probe.certificates)
    lines.push(
      `  ${c.subject} (${c.keyType}), ${c.notBefore.slice(0, 10)} to ${c.notAfter.slice(0, 10)}, by ${c.issuer}`,
    );
  lines.push('', 'clients:');
  for (const c of probe.clients)
    lines.push(
      `  ${c.result === 'ok' ? 'in ' : 'OUT'} ${c.title}${c.negotiated ? `: ${c.negotiated.version} ${c.negotiated.cipher}` : `: ${c.result}`}`,
    );
  lines.push('', `${probe.connections} connections, ${probe.durationMs} ms`);
  return `${lines.join('\n')}\n`;
}

/** `./dev tls`: the TLS probe alone (DESIGN 4.3). */
export async function tls(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(
    args,
    USAGE,
    { servername: { type: 'string' }, 'proxy-protocol': { type: 'string' }, json: { type: 'boolean' } },
    { min: 1, max: 1 },
  );
  const header = values['proxy-protocol'];
  if (header !== undefined && header !== 'v1' && header !== 'v2')
    throw new TriageError('wrong-usage', `--proxy-protocol: ${header} is neither v1 nor v2\nusage: ${USAGE}`);
  const { host, address, io } = await probeTarget(positionals[0] as string, USAGE);
  const servername = values.servername ?? sniOf(host);
  const proxyHeader = header === 'v2' ? 'local' : (header ?? 'none');
  const probe = await orNotAllowed(probeTls(io, { address, servername, proxyHeader }, AbortSignal.timeout(LIMIT_MS)));
  if (values.json) printJson(probe);
  else process.stdout.write(asText(probe));
  if (probe.reachable) return 0;
  process.stderr.write(`tls: nobody answers at ${address} (${probe.refusal})\n`);
  return EXIT.unavailable;
}
