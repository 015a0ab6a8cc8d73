import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CLASSIC_SUITES, suiteName, TLS13_SUITES } from '../../diagnostics/wire/tls-suites.ts';
import { which } from './setups.ts';

/** A scanner of others, and how its findings are read: `TLSv1.2 0xc02f` for each suite of each version. */
export interface Peer {
  id: string;
  /** What is run, for people. */
  runs: string;
  /** null where it is not here. */
  command: ((port: number) => string[]) | null;
  install: string;
  read(stdout: string): Set<string>;
  /** What it is not able to ask at all, so that it cannot be blamed for not having found it. */
  cannot: string;
}

/** By name; some names were used for draft numbers too (ChaCha of 2013): the registered number is meant. */
const ID_OF = new Map([...CLASSIC_SUITES, ...TLS13_SUITES].toReversed().map((id) => [suiteName(id), id]));
const NAME = 'lab.test';
const key = (version: string, id: number): string => `${version} 0x${id.toString(16).padStart(4, '0')}`;

const readSslscan = (out: string): Set<string> =>
  new Set(
    [...out.matchAll(/<cipher [^>]*sslversion="([^"]+)"[^>]* id="0x([0-9A-Fa-f]+)"/g)].map((m) =>
      key((m[1] as string).replace('TLSv1.0', 'TLSv1'), Number.parseInt(m[2] as string, 16)),
    ),
  );

function readTestssl(out: string): Set<string> {
  const found = new Set<string>();
  let version = '';
  for (const line of out.slice(Math.max(0, out.indexOf('Hexcode'))).split('\n')) {
    const heading = /^(SSLv2|SSLv3|TLS 1(?:\.\d)?)\b/.exec(line);
    if (heading) version = (heading[1] as string).replace('TLS ', 'TLSv');
    const suite = /^ x([0-9a-f]{2,4})\s/.exec(line);
    if (suite && version) found.add(key(version, Number.parseInt(suite[1] as string, 16)));
  }
  return found;
}

function readNmap(out: string): Set<string> {
  const found = new Set<string>();
  for (const part of out.split(/<table key="(?=(?:TLS|SSL)v)/).slice(1)) {
    const version = part.slice(0, part.indexOf('"')).replace('TLSv1.0', 'TLSv1');
    for (const [, name = ''] of part.matchAll(/<elem key="name">([A-Za-z0-9_]+)/g)) {
      const id = ID_OF.get(name.replace('TLS_AKE_WITH_', 'TLS_'));
      if (id !== undefined) found.add(key(version, id));
    }
  }
  return found;
}

function readSslyze(out: string): Set<string> {
  const found = new Set<string>();
  const scan = JSON.parse(out.slice(Math.max(0, out.indexOf('{')))).server_scan_results?.[0]?.scan_result ?? {};
  const names = { ssl_3_0: 'SSLv3', tls_1_0: 'TLSv1', tls_1_1: 'TLSv1.1', tls_1_2: 'TLSv1.2', tls_1_3: 'TLSv1.3' };
  for (const [field, version] of Object.entries(names))
    for (const one of scan[`${field}_cipher_suites`]?.result?.accepted_cipher_suites ?? []) {
      const id = ID_OF.get(one.cipher_suite.name);
      if (id !== undefined) found.add(key(version, id));
    }
  return found;
}

const at = (port: number): string => `127.0.0.1:${port}`;
const maybe = (name: string, args: (port: number) => string[]): Peer['command'] => {
  const file = which(name);
  return file ? (port) => [file, ...args(port)] : null;
};

/** Every peer, whether it is here or not. */
export function peers(): Peer[] {
  const sslyze = join(process.env.ITI_PARTS ?? '.parts', 'sslyze', 'bin', 'python');
  const flags = ['--json_out=-', '--sslv2', '--sslv3', '--tlsv1', '--tlsv1_1', '--tlsv1_2', '--tlsv1_3', '--sni', NAME];
  return [
    {
      id: 'sslscan',
      runs: 'sslscan --sni-name',
      command: maybe('sslscan', (port) => [`--sni-name=${NAME}`, '--xml=-', '--no-colour', at(port)]),
      install: 'apt-get install sslscan',
      read: readSslscan,
      cannot: 'suites that the OpenSSL it is linked with does not have',
    },
    {
      id: 'testssl.sh',
      runs: 'testssl -p -E',
      command: maybe('testssl', (port) => [
        '--nodns',
        'none',
        '--warnings',
        'batch',
        '--ip',
        '127.0.0.1',
        '--color',
        '0',
        '-q',
        '-p',
        '-E',
        `${NAME}:${port}`,
      ]),
      install: 'apt-get install testssl.sh dnsutils bsdextrautils',
      read: readTestssl,
      cannot: '',
    },
    {
      id: 'nmap',
      runs: 'nmap --script ssl-enum-ciphers',
      command: maybe('nmap', (port) => [
        '-n',
        '-Pn',
        '-p',
        String(port),
        '--script',
        'ssl-enum-ciphers',
        '--script-args',
        `tls.servername=${NAME}`,
        '-oX',
        '-',
        '127.0.0.1',
      ]),
      install: 'apt-get install nmap',
      read: readNmap,
      cannot: 'suites newer than its own table',
    },
    {
      id: 'sslyze',
      runs: 'sslyze, suites of every version',
      command: existsSync(sslyze) ? (port) => [sslyze, '-m', 'sslyze', ...flags, at(port)] : null,
      install: 'python3 -m venv .parts/sslyze && .parts/sslyze/bin/pip install sslyze',
      read: readSslyze,
      cannot: 'suites that the OpenSSL it brings does not have',
    },
  ];
}

/** Runs a command to its end; what it printed and how long it took, ms. Ends it after `limitMs`. */
export function runPeer(command: string[], limitMs = 240_000): Promise<{ stdout: string; ms: number }> {
  const began = performance.now();
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: limitMs, killSignal: 'SIGKILL' });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve({ stdout: Buffer.concat(chunks).toString(), ms: performance.now() - began }));
  });
}
