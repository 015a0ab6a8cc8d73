import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openCase, readReport } from '../../bot/intake.ts';
import type { SavedCase } from '../../diagnostics/types.ts';
import { loadInventory } from '../../proxy/inventory/inventory.ts';
import { findEnvoy, type RunningEnvoy, startEnvoy } from '../../proxy/lab/envoy.ts';
import type { EnvoyPlan } from '../../proxy/lab/envoy-config.ts';
import { triageInProcess } from '../../workers/in-process.ts';

/** Why tests on a real Envoy are left out here, or false. */
export const WITHOUT_ENVOY = findEnvoy() === null ? 'Envoy is not here (./dev test brings it)' : false;

export type Manner = 'well' | 'errors' | 'hangs-up' | 'slow' | 'sick';

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

/** A real Envoy by this plan, which ends with the test. */
export async function envoy(t: TestContext, dir: string, plan: EnvoyPlan): Promise<RunningEnvoy> {
  const running = await startEnvoy(dir, plan);
  t.after(() => running.stop());
  return running;
}

/** A whole triage as `check --report` makes it, with the inventory's text. */
export async function triage(dir: string, inventory: string, report: string): Promise<SavedCase> {
  const file = join(dir, 'inventory.yaml');
  writeFileSync(file, inventory);
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
