import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Relay {
  /** One for each upstream, in their order. */
  ports: number[];
  /** Connections since the last call. */
  count(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts relay.ts in a process of its own: what it costs is not ours. `delayMs`: a round trip. */
export async function startRelay(delayMs: number, upstreams: number[]): Promise<Relay> {
  const args = [join(import.meta.dirname, 'relay.ts'), String(delayMs), ...upstreams.map(String)];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<{ ports?: number[]; connections?: number }> =>
    JSON.parse((await lines.next()).value ?? '{}');
  const { ports = [] } = await next();
  return {
    ports,
    async count() {
      child.stdin.write('\n');
      return (await next()).connections ?? 0;
    },
    async stop() {
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
      child.stdin.end();
      await ended;
    },
  };
}
