import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { World } from '../../proxy/lab/world.ts';

/** Status of a page that an application's first endpoint serves when asked directly. */
export async function pageOf(world: World, application: string, path: string): Promise<number> {
  return (await fetch(`http://127.0.0.1:${world.ports.endpoints[application]?.[0]?.port}${path}`)).status;
}

/** The share of an application's requests that each endpoint answered during this time, by its own counters. */
export async function sharesWhile(world: World, application: string, ms: number): Promise<number[]> {
  const before = await counts(world, application);
  await new Promise((resolve) => setTimeout(resolve, ms));
  const during = (await counts(world, application)).map((count, i) => count - (before[i] ?? 0));
  const all = during.reduce((sum, count) => sum + count, 0);
  return during.map((count) => count / all);
}

function counts(world: World, application: string): Promise<number[]> {
  return Promise.all(
    (world.ports.endpoints[application] ?? []).map(async ({ port }) => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return [...text.matchAll(/^http_requests_total\{.*\} (\d+)$/gm)].reduce((sum, row) => sum + Number(row[1]), 0);
    }),
  );
}

/** Opens a live feed as a user and waits for its end; null when it was still open after this time. */
export function holdLive(world: World, host: string, ms: number): Promise<number | null> {
  const port = Number(world.addresses[host]?.split(':')[1]);
  const headers = { host, connection: 'Upgrade', upgrade: 'websocket' };
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path: '/live',
      servername: host,
      ca: readFileSync(world.trust),
      agent: false,
    };
    const asked = request({ ...options, headers });
    asked.on('error', reject);
    asked.on('upgrade', (_answer, socket) => {
      const began = performance.now();
      const timer = setTimeout(() => {
        resolve(null);
        socket.destroy();
      }, ms);
      socket.on('error', () => {});
      socket.on('close', () => {
        clearTimeout(timer);
        resolve(performance.now() - began);
      });
      socket.resume();
    });
    asked.end();
  });
}

/** Old workers of the edge that wait for their last connections. */
export function workersShuttingDown(world: World): number {
  const masters = [world.pids['edge-1'], world.pids['edge-2']];
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && masters.includes(parentIfLeaving(name))).length;
}

function parentIfLeaving(pid: string): number | undefined {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('is shutting down')) return undefined;
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
