import type { ClientResult } from '../../diagnostics/probes/client-profiles.ts';
import type { Comparison } from '../../diagnostics/probes/tls/compare.ts';
import type { NameAnswer } from '../../diagnostics/probes/tls/names.ts';
import type { TlsProbe } from '../../diagnostics/probes/tls-probe.ts';
import { alertName } from '../../diagnostics/wire/tls-answer.ts';

const WHY: { readonly [result: string]: string } = {
  'no-shared-version': 'no version in common',
  'no-shared-cipher': 'no suite in common',
  'no-shared-group': 'no key exchange group in common',
  'certificate-key': "cannot use the certificate's kind of key",
  'certificate-signature': "does not accept the certificate's signature",
  'certificate-chain': 'the chain it gets is not whole',
  refused: 'turned away though nothing is missing',
  unknown: 'not answered',
};

/** `alert 40` with its name; other words as they are. */
const named = (refusal: string): string =>
  refusal.replace(/^alert (\d+)$/, (_, number: string) => `alert ${number}, ${alertName(Number(number))}`);

function suiteLines(probe: TlsProbe): string[] {
  return [...probe.versions].reverse().flatMap((version) => {
    const order = probe.serverPreference[version];
    const whole = probe.sorted?.[version] === false ? ', seen in parts' : '';
    const said = order == null ? '' : order ? ` (server's order${whole})` : ' (no order of its own)';
    return ['', `${version}${said}`, ...(probe.ciphers[version] ?? []).map((suite) => `  ${suite.id}  ${suite.name}`)];
  });
}

function nameLine(what: string, answer: NameAnswer | null | undefined): string[] {
  if (!answer) return [];
  const said = {
    'same-certificate': 'the same certificate',
    'other-certificate': `another certificate: ${answer.certificate?.subject ?? ''}`,
    refused: `refused${answer.alert === null ? '' : ` (alert ${answer.alert}, ${alertName(answer.alert)})`}`,
    unknown: 'not answered',
  }[answer.outcome];
  return [`${what}: ${said}`];
}

function certificateLines(probe: TlsProbe): string[] {
  const name = probe.nameMatches === null ? '' : probe.nameMatches ? ', name matches' : ', name does NOT match';
  const lines = ['', `chain: ${probe.chain}${name}`];
  for (const one of probe.chains ?? []) {
    const order = {
      'in-order': '',
      'out-of-order': ', in the wrong order',
      unrelated: ', with certificates that do not belong',
    };
    lines.push(
      `  ${one.keyType}, signed with ${one.signature ?? 'an unnamed algorithm'}: ${one.certificates.length} sent${order[one.order]}${one.rootSent ? ', the root too' : ''}, ${one.chain ?? 'trust not known'}`,
    );
    if (one.missing)
      lines.push(
        `    who fetches nothing lacks ${one.missing}${one.issuerUrl ? `; browsers get it from ${one.issuerUrl}` : ''}`,
      );
    if (one.staple)
      lines.push(
        `    OCSP staple: ${one.staple.status}${one.staple.nextUpdate ? `, until ${one.staple.nextUpdate}` : ''}`,
      );
    for (const c of one.certificates)
      lines.push(`    ${c.subject}, ${c.notBefore.slice(0, 10)} to ${c.notAfter.slice(0, 10)}, by ${c.issuer}`);
  }
  return lines;
}

function clientLine(c: ClientResult): string {
  const got = c.negotiated ? `${c.negotiated.version} ${c.negotiated.cipher}` : '';
  const why = c.result === 'ok' ? got : `${WHY[c.result] ?? c.result}${got ? ` (${got})` : ''}`;
  const alert = c.alert == null ? '' : `, alert ${c.alert}`;
  return `  ${c.result === 'ok' ? 'in ' : c.result === 'unknown' ? '?  ' : 'OUT'} ${c.title}: ${why}${alert}${c.how === 'replayed' ? ' [its own hello]' : ''}`;
}

/** What is said of two probes: who lost the way in comes first. */
export function comparisonText({ lost, gained, changes }: Comparison): string {
  if (lost.length + gained.length + changes.length === 0) return 'Nothing differs from the saved probe.\n';
  const lines = [
    ...lost.map((one) => `LOST: ${one.says}.`),
    ...gained.map((one) => `${one.says}.`),
    ...changes.map((one) => `${one}.`),
  ];
  if (lost.length === 0) lines.unshift('No client lost its way in.');
  return `${lines.join('\n')}\n`;
}

/** The probe for people. */
export function probeText(probe: TlsProbe): string {
  if (!probe.reachable) return '';
  if (probe.plaintext) return `${probe.address} answers a TLS handshake in clear text: ${probe.plaintext.looksLike}\n`;
  if (probe.versions.length === 0) return `${probe.address} refuses every handshake (${named(probe.refusal ?? '')})\n`;
  const lines = [
    `${probe.address}${probe.servername ? ` as ${probe.servername}` : ''}: ${probe.versions.join(', ')}${probe.alpn.length ? `; ${probe.alpn.join(', ')}` : ''}`,
  ];
  for (const [version, refusal] of Object.entries(probe.refusals ?? {}))
    lines.push(`  no ${version}: ${named(refusal)}`);
  if (probe.choke)
    lines.push(
      `It chokes on long hellos: ${probe.choke.suites} suites in ${probe.choke.bytes} bytes got ${named(probe.choke.got)}, ${probe.choke.works.suites} suites in ${probe.choke.works.bytes} bytes are taken.`,
    );
  lines.push(...suiteLines(probe));
  if (probe.clients.length) {
    lines.push(
      '',
      `groups: ${probe.groups.join(', ') || 'none seen'}${probe.dhBits ? `; DHE with ${probe.dhBits} bits` : ''}`,
    );
    if (probe.signatures?.length) lines.push(`signatures: ${probe.signatures.join(', ')}`);
    for (const [version, seen] of Object.entries(probe.resumption ?? {}))
      lines.push(
        `resumption in ${version}: ${seen.given === null ? 'none offered' : `${seen.given}, ${seen.resumed ? 'taken up' : 'NOT taken up'}`}`,
      );
    lines.push(
      ...nameLine('without a name', probe.names?.absent),
      ...nameLine('with a wrong name', probe.names?.wrong),
    );
    lines.push(...certificateLines(probe), '', 'clients:', ...probe.clients.map(clientLine));
  }
  const spent = Object.entries(probe.spent ?? {}).map(([purpose, n]) => `${purpose} ${n}`);
  lines.push('', `${probe.connections} connections (${spent.join(', ')}), ${probe.durationMs} ms`);
  if (probe.unanswered)
    lines.push(`${probe.unanswered} offers got no usable answer: what they might have shown is unknown.`);
  return `${lines.join('\n')}\n`;
}
