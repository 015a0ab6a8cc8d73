import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type ObjectChange,
  type WatchedCluster,
  type WatchOptions,
  watchCluster,
} from '../../../proxy/kubernetes/cluster.ts';
import { connect } from '../../../proxy/kubernetes/connection.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../../kubernetes/api-server/server.ts';
import type { KubeObject } from '../../kubernetes/api-server/store.ts';

/** A stand-in API server with a kubeconfig for it, both gone after the test. */
export interface World {
  server: ApiServer;
  dir: string;
  kubeconfig: string;
  watch(options?: Partial<WatchOptions>): Promise<{ cluster: WatchedCluster; changes: ObjectChange[] }>;
}

/** Waits are a hundredth of those of production. */
export const PACE = 0.01;

export async function world(t: TestContext, options: ApiServerOptions = {}): Promise<World> {
  const server = await startApiServer(options);
  const dir = mkdtempSync(join(tmpdir(), 'cluster-'));
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(kubeconfig, server.kubeconfig('prod'));
  const open: WatchedCluster[] = [];
  t.after(async () => {
    for (const cluster of open) await cluster.close();
    await server.close();
    rmSync(dir, { recursive: true });
  });
  return {
    server,
    dir,
    kubeconfig,
    async watch(more = {}) {
      const changes: ObjectChange[] = [];
      const cluster = watchCluster({
        connection: await connect({ kubeconfig, context: null }, { answerMs: 2_000, idleMs: 200, refreshMs: 20 }),
        namespaces: [],
        now: () => new Date(),
        onChange: (change) => void changes.push(change),
        pace: PACE,
        ...more,
      });
      open.push(cluster);
      return { cluster, changes };
    },
  };
}

/** An object of a kind, with a label that says which change it is. */
export const configMap = (namespace: string, name: string, value = '0'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name },
  data: { value },
});

/** Resolves as soon as something holds; throws when it does not within half a minute. */
export async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not within 30 s: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
