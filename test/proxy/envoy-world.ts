import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openCase, readReport } from '../../bot/intake.ts';
import type { SavedCase } from '../../diagnostics/types.ts';
import { loadInventory } from '../../proxy/inventory/inventory.ts';
import { findEnvoy, type RunningEnvoy, startEnvoy } from '../../proxy/lab/envoy.ts';
import type { EnvoyPlan } from '../../proxy/lab/envoy-plan.ts';
import { triageInProcess } from '../../workers/in-process.ts';
import { authority } from '../diagnostics/real-servers.ts';

/** Why tests on a real Envoy are left out here, or false. */
export const WITHOUT_ENVOY = findEnvoy() === null ? 'Envoy is not here (./dev test brings it)' : false;

type Manner = 'well' | 'errors' | 'hangs-up' | 'slow' | 'sick';

/** A small application on a free port; ends with the test. */
export async function application(t: TestContext, manner: Manner): Promise<number> {
  const server = createServer((request, response) => {
    if (request.url === '/healthz') response.writeHead(manner === 'sick' ? 500 : 200).end('ok\n');
    else if (manner === 'hangs-up') request.socket.destroy();
    else if (manner === 'errors') response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>503</h1>Not now.');
    else if (manner === 'slow') setTimeout(() => response.end('<title>Shop</title>'), 1_200).unref();
    else response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Shop</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A chain for `*.example.test` with its key, and the root that trusts it (`root.pem` in `dir`). */
export function certificateIn(dir: string): { chain: string; key: string } {
  const ca = authority(dir);
  const leaf = ca.leaf('site', { names: 'DNS:*.example.test' });
  const chain = join(dir, 'chain.pem');
  writeFileSync(chain, readFileSync(leaf.pem, 'utf8') + readFileSync(ca.intermediate, 'utf8'));
  return { chain, key: leaf.key };
}

/** A real Envoy by this plan, which ends with the test. */
export async function envoy(t: TestContext, dir: string, plan: EnvoyPlan): Promise<RunningEnvoy> {
  const running = await startEnvoy(dir, plan);
  t.after(() => running.stop());
  return running;
}

/** One request over clear HTTP; its status, and the body. */
export const ask = (port: number, host: string): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent: false, headers: { host } }, (answer) => {
      let body = '';
      answer
        .on('data', (chunk: Buffer) => (body += chunk))
        .on('end', () => {
          resolve({ status: answer.statusCode ?? 0, body });
        });
    }).on('error', reject);
  });

/** A whole triage as `check --report` makes it. */
export async function triage(file: string, report: string): Promise<SavedCase> {
  const known = await loadInventory(file);
  const now = new Date().toISOString();
  const opened = openCase(readReport(report, { at: now, tz: null }, known), {
    id: 'c-1',
    at: now,
    report,
    inventory: known,
    deadlineMs: 20_000,
  });
  if (!('case' in opened)) throw new Error(JSON.stringify(opened));
  return triageInProcess(opened.case, known, (error) => {
    throw error;
  });
}
