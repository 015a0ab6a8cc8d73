import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './lab-error.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Where servers are installed, on the PATH of root only. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

/** The real servers that worlds are made of; `traefik` is null where it could not be had. */
export interface Binaries {
  nginx: string;
  haproxy: string;
  traefik: string | null;
}

/**
 * Finds the servers on PATH and in the system's own folders, and Traefik in the parts folder (ITI_PARTS, else .parts).
 * @throws LabError with `missing` when nginx or haproxy is not here.
 */
export function findBinaries(env: NodeJS.ProcessEnv = process.env, alsoIn = SYSTEM_FOLDERS): Binaries {
  const folders = [...(env.PATH ?? '').split(':').filter(Boolean), ...alsoIn];
  const parts = [env.ITI_PARTS ?? join(ROOT, '.parts')];
  const nginx = firstExecutable('nginx', folders);
  const haproxy = firstExecutable('haproxy', folders);
  if (!nginx) throw new LabError('nginx is not installed here', { missing: 'nginx' });
  if (!haproxy) throw new LabError('haproxy is not installed here', { missing: 'haproxy' });
  return { nginx, haproxy, traefik: firstExecutable('traefik', parts) };
}

function firstExecutable(name: string, folders: string[]): string | null {
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
