import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
/** Where `deploy/get-tools` puts what it builds. */
export const TOOLS = join(process.env.ITI_PARTS ?? join(ROOT, '.parts'), 'deploy');

export type Tool = 'helm' | 'kubeconform' | 'promtool' | 'hadolint' | 'kustomize' | 'etcd' | 'kube-apiserver';

/** The path of a tool that is here, from `deploy/get-tools` or the system; null: nobody installed it. */
export function findTool(name: Tool): string | null {
  for (const folder of [TOOLS, ...(process.env.PATH ?? '').split(delimiter)]) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** Runs a tool to its end, at most a minute. Never throws. */
export function runTool(file: string, args: string[], input = ''): { code: number; out: string; err: string } {
  const done = spawnSync(file, args, { input, encoding: 'utf8', timeout: 60_000, maxBuffer: 32 * 1024 * 1024 });
  return { code: done.status ?? 70, out: done.stdout ?? '', err: done.stderr || done.error?.message || '' };
}
