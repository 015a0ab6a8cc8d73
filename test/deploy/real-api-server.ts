import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import { findTool } from '../../deploy/tools.ts';
import { claimPorts } from '../../proxy/lab/ports.ts';
import type { Manifest } from './objects.ts';

/** null: both are here; else what is missing. */
export const missingParts = (): string | null =>
  findTool('etcd') && findTool('kube-apiserver')
    ? null
    : 'etcd and kube-apiserver are not here (deploy/get-tools --api-server)';

/** One request, in the name of whoever owns the token. */
export type Ask = (
  method: string,
  path: string,
  options?: { token?: string; body?: unknown },
) => Promise<{ status: number; body: Manifest }>;

const START_MS = 90_000;

/**
 * A kube-apiserver with etcd on loopback, RBAC and the default admission, without nodes and controllers: it accepts,
 * defaults and refuses as in production, but nothing ever runs.
 */
export async function startApiServer(): Promise<{ ask: Ask; stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'iti-api-'));
  const ports = await claimPorts();
  const [client, peer, secure] = [ports.next(), ports.next(), ports.next()];
  const key = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const admin = 'admin-of-this-test';
  const etcd = [
    ['data-dir', join(folder, 'etcd')],
    ['listen-client-urls', `http://127.0.0.1:${client}`],
    ['advertise-client-urls', `http://127.0.0.1:${client}`],
    ['listen-peer-urls', `http://127.0.0.1:${peer}`],
    ['initial-advertise-peer-urls', `http://127.0.0.1:${peer}`],
    ['initial-cluster', `default=http://127.0.0.1:${peer}`],
    ['unsafe-no-fsync', 'true'],
  ];
  const server = [
    ['etcd-servers', `http://127.0.0.1:${client}`],
    ['bind-address', '127.0.0.1'],
    ['secure-port', String(secure)],
    ['cert-dir', join(folder, 'certs')],
    ['service-account-key-file', file('sa.pub', key.publicKey)],
    ['service-account-signing-key-file', file('sa.key', key.privateKey)],
    ['service-account-issuer', 'https://kubernetes.default.svc'],
    ['token-auth-file', file('tokens.csv', `${admin},admin,1,"system:masters"\n`)],
    ['authorization-mode', 'RBAC'],
    ['service-cluster-ip-range', '10.96.0.0/16'],
    // Nobody makes the account that pods have by default.
    ['disable-admission-plugins', 'ServiceAccount'],
  ];
  const run = (tool: 'etcd' | 'kube-apiserver', flags: string[][]): ChildProcess =>
    spawn(
      findTool(tool) as string,
      flags.map(([name, value]) => `--${name}=${value}`),
      { stdio: 'ignore' },
    );
  const children = [run('etcd', etcd), run('kube-apiserver', server)];
  const stop = async (): Promise<void> => {
    for (const child of children.toReversed()) {
      if (child.exitCode !== null) continue;
      const gone = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    await dispatcher?.destroy();
    ports.release();
    await rm(folder, { recursive: true, force: true });
  };
  let dispatcher: Agent | undefined;
  const ask: Ask = async (method, path, { token = admin, body } = {}) => {
    dispatcher ??= new Agent({ connect: { ca: readFileSync(join(folder, 'certs/apiserver.crt')) } });
    const answer = await fetch(`https://127.0.0.1:${secure}${path}`, {
      method,
      dispatcher,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
  const until = Date.now() + START_MS;
  for (;;) {
    const up = await ask('GET', '/readyz').then(
      ({ status }) => status === 200,
      () => false,
    );
    if (up) return { ask, stop };
    if (Date.now() > until || children.some((child) => child.exitCode !== null)) {
      await stop();
      throw new Error('the API server did not become ready');
    }
    await wait(200);
  }
}
