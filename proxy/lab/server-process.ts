import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { LabError } from './lab-error.ts';

/** @throws LabError with the end of its log, when a server has ended that should run. */
export function mustRun(name: string, child: ChildProcess, logs: string[]): void {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) return;
  const said = logs.map(readIfThere).join('').trim().split('\n').slice(-4).join(' / ');
  const taken = /address already in use/i.test(said) || /EADDRINUSE/.test(said);
  throw new LabError(`${name} ended (${child.signalCode ?? child.exitCode}): ${said}`, {
    cause: { code: taken ? 'EADDRINUSE' : null },
  });
}

export function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
