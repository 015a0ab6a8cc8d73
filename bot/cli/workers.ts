import { workersMain } from '../../workers/main.ts';

/** `./dev workers`: the workers' production process. */
export async function workers(args: string[]): Promise<number> {
  if (args.length === 0) return workersMain();
  process.stderr.write('usage: ./dev workers (everything else stands in the environment and in CONFIG)\n');
  return 64;
}
