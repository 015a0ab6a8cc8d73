import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openCase, readReport } from '../../../bot/intake.ts';
import type { SavedCase } from '../../../diagnostics/types.ts';
import { loadInventory } from '../../../proxy/inventory/inventory.ts';
import { triageInProcess } from '../../../workers/in-process.ts';
import { freePorts, scratch, startNginx } from '../real-servers.ts';

/** The parts of a small path: a balancer, two proxies, three endpoints. */
export const PARTS = ['balancer', 'edge-1', 'edge-2', 'shop-a', 'shop-b', 'shop-c'] as const;
export type Part = (typeof PARTS)[number];

/**
 * That path of real nginx processes, some of which fail a share of their requests with a page of nobody's. Which ones is
 * drawn by nginx from the connection's number (split_clients), so that a test meets the same draws each time.
 * Returns a triage of a report about it.
 */
export async function chain(
  t: TestContext,
  failing: { [part in Part]?: number },
): Promise<{ triage: (report: string, only?: string[]) => Promise<SavedCase> }> {
  const dir = scratch(t);
  const ports = await freePorts(t, ...PARTS);
  const up = (parts: readonly Part[]): string => parts.map((part) => `server 127.0.0.1:${ports[part]};`).join(' ');
  const behind = (part: Part): string | null =>
    part === 'balancer'
      ? up(['edge-1', 'edge-2'])
      : part.startsWith('edge')
        ? up(['shop-a', 'shop-b', 'shop-c'])
        : null;
  for (const part of PARTS.toReversed()) {
    const home = join(dir, part);
    await mkdir(home);
    const share = failing[part] ?? 0;
    const draw =
      share > 0
        ? `split_clients "$connection of ${part}" $bad { ${share}% 1; * ""; }`
        : 'map $host $bad { default ""; }';
    const servers = behind(part);
    const inside = servers
      ? 'proxy_pass http://behind; proxy_set_header Host $host; proxy_next_upstream off;'
      : 'return 200 "<html><title>shop</title>well</html>";';
    await startNginx(
      t,
      home,
      [ports[part]],
      `${draw} ${servers ? `upstream behind { ${servers} }` : ''}
  server { listen 127.0.0.1:${ports[part]}; default_type text/html;
    location / { error_page 418 = @bad; if ($bad) { return 418; } ${inside} }
    location @bad { return 500 "<html><title>oops</title>out of order</html>"; } }`,
    );
  }
  const file = join(dir, 'inventory.yaml');
  const instance = (part: Part): string => `{ name: ${part}, http: "127.0.0.1:${ports[part]}" }`;
  const endpoint = (part: Part): string => `{ name: ${part}, address: "127.0.0.1:${ports[part]}", ready: true }`;
  writeFileSync(
    file,
    `version: 1
allow: [ "127.0.0.0/8", "*.example.test" ]
dns: { shop.example.test: [127.0.0.1] }
routes: [ { host: shop.example.test, via: [public, edge, shop] } ]
hops:
  public: { hop: load-balancer, kind: nginx, address: "127.0.0.1:${ports.balancer}", scheme: http, to: http }
  edge: { hop: proxy, kind: nginx, instances: [ ${instance('edge-1')}, ${instance('edge-2')} ] }
  shop: { hop: service, kind: service, endpoints: [ ${endpoint('shop-a')}, ${endpoint('shop-b')}, ${endpoint('shop-c')} ] }
`,
  );
  return {
    async triage(report, only) {
      const inventory = await loadInventory(file);
      const at = new Date().toISOString();
      const reading = readReport(
        report.replace('SHOP', `http://shop.example.test:${ports.balancer}/`),
        { at, tz: null },
        inventory,
      );
      const opened = openCase(reading, { id: 'c-1', at, report, inventory, deadlineMs: 20_000, ...(only && { only }) });
      if (!('case' in opened)) throw new Error(JSON.stringify(opened));
      return triageInProcess(opened.case, inventory, (error) => {
        throw error;
      });
    },
  };
}
