import { execFile } from 'node:child_process';
import type { World } from '../../proxy/lab/world.ts';

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs a program to its end; a failure is an answer, not an exception. */
export function run(command: string, args: string[], options: { env?: NodeJS.ProcessEnv } = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { timeout: 60_000, env: options.env }, (error, out, err) => {
      resolve({ code: error ? (typeof error.code === 'number' ? error.code : -1) : 0, out, err });
    });
    // A program may end before it has read its input.
    child.stdin?.on('error', () => {}).end();
  });
}

/** curl as a user of the host runs it: real TLS with the host's name, through the host's outermost hop. */
export async function curl(world: World, host: string, ...more: string[]): Promise<Ran & { status: number }> {
  const to = ['--connect-to', `${host}:443:${world.addresses[host]}`, '--cacert', world.trust];
  const ran = await run('curl', ['-sS', '-w', '\n%{http_code}', ...to, ...more, `https://${host}/`]);
  return { ...ran, status: Number(ran.out.slice(ran.out.lastIndexOf('\n') + 1)) };
}

/** A TLS handshake by the openssl command, with the client's offer narrowed. */
export function handshake(world: World, host: string, ...offer: string[]): Promise<Ran> {
  return run('openssl', ['s_client', '-connect', world.addresses[host] ?? '', '-servername', host, ...offer]);
}
