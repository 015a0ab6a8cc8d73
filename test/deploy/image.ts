import { globSync, readFileSync } from 'node:fs';
import { dirname, join, matchesGlob, normalize } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
export const DOCKERFILE = join(ROOT, 'deploy/Dockerfile');

/** One instruction of a Dockerfile, its continued lines joined, comments left out. */
interface Instruction {
  name: string;
  rest: string;
  stage: number;
}

export function instructionsOf(dockerfile: string): Instruction[] {
  const lines = dockerfile
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  let stage = -1;
  return lines.map((line) => {
    const [name = '', ...rest] = line.trim().split(/\s+/);
    if (name === 'FROM') stage++;
    return { name, rest: rest.join(' '), stage };
  });
}

/** `["a", "b"]` of ENTRYPOINT and CMD. */
export const execForm = (all: Instruction[], name: string): string[] =>
  JSON.parse(all.find((one) => one.name === name)?.rest ?? '[]');

/** What a build may see, as .dockerignore says it: the last pattern that fits decides, a folder stands for what is in it. */
export function inContext(file: string, ignore: string): boolean {
  let seen = true;
  for (const line of ignore.split('\n').map((one) => one.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const keep = line.startsWith('!');
    const pattern = keep ? line.slice(1) : line;
    // Docker's star takes names that begin with a dot, too.
    if (pattern === '*' || matchesGlob(file, pattern) || matchesGlob(file, `${pattern}/**`)) seen = keep;
  }
  return seen;
}

/** Files of the project that end up in the image's last stage, by the COPY lines and .dockerignore. */
export function filesInImage(): string[] {
  const ignore = readFileSync(join(ROOT, '.dockerignore'), 'utf8');
  const all = instructionsOf(readFileSync(DOCKERFILE, 'utf8'));
  const last = Math.max(...all.map((one) => one.stage));
  const copied = all
    .filter((one) => one.name === 'COPY' && one.stage === last && !one.rest.startsWith('--from'))
    .flatMap((one) => one.rest.split(' ').slice(0, -1));
  return globSync(['package.json', '{bot,workers,diagnostics,proxy}/**/*.*'], { cwd: ROOT })
    .filter((file) => copied.some((from) => file === from || file.startsWith(`${from}/`)))
    .filter((file) => inContext(file, ignore))
    .sort();
}

const CLAUSE = /^\s*(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Everything that is loaded at run time from some files on: the project's own files, and packages. */
export function reachedFrom(entries: string[]): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const open = [...entries];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    const source = readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    // The door knows every command; which of them the image has is for the caller to say.
    const lazy = file === 'bot/cli/main.ts' ? [] : [...source.matchAll(DYNAMIC)].map((m) => m[1] as string);
    const direct = [...source.matchAll(CLAUSE)].filter((m) => m[1] === undefined).map((m) => m[2] as string);
    for (const to of [...direct, ...lazy]) {
      if (to.startsWith('.')) open.push(normalize(join(dirname(file), to)));
      else if (!to.startsWith('node:')) packages.add(/^(@[^/]+\/)?[^/]+/.exec(to)?.[0] as string);
    }
  }
  return { files, packages };
}
