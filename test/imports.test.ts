import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');

interface Import {
  from: string;
  /** A path from the root, or a package. */
  to: string;
  typeOnly: boolean;
}

/** What stands in an import or export clause and in `import('…')`, whether at run time or as a type. */
const CLAUSE = /^\s*(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

const imports: Import[] = globSync('{bot,workers,diagnostics,proxy}/**/*.ts', { cwd: ROOT }).flatMap((file) => {
  const source = readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  const resolve = (to: string): string => (to.startsWith('.') ? normalize(join(dirname(file), to)) : to);
  return [
    ...[...source.matchAll(CLAUSE)].map((m) => ({
      from: file,
      to: resolve(m[2] as string),
      typeOnly: m[1] !== undefined,
    })),
    ...[...source.matchAll(DYNAMIC)].map((m) => ({ from: file, to: resolve(m[1] as string), typeOnly: false })),
  ];
});
const lines = (found: Import[]): string[] => [...new Set(found.map((i) => `${i.from} -> ${i.to}`))].sort();
const room = (path: string): string => path.split('/')[0] as string;
const OURS = new Set(['bot', 'workers', 'diagnostics', 'proxy']);

test('imports are found at all', () => {
  assert.ok(imports.length > 400);
  for (const { from, to } of [{ from: 'bot/intake.ts', to: 'diagnostics/types.ts' }])
    assert.ok(imports.some((i) => i.from === from && i.to === to));
});

test('imports go one way: bot -> workers -> diagnostics and proxy; proxy -> diagnostics; diagnostics -> nothing', () => {
  const may: { [from: string]: string[] } = {
    bot: ['bot', 'workers', 'diagnostics', 'proxy'],
    workers: ['workers', 'diagnostics', 'proxy'],
    proxy: ['proxy', 'diagnostics'],
    diagnostics: ['diagnostics'],
  };
  const bad = imports.filter((i) => OURS.has(room(i.to)) && !may[room(i.from)]?.includes(room(i.to)));
  assert.deepEqual(lines(bad), []);
});

test('of diagnostics, proxy takes types, the seam to IO and errors; never checks, causes or judgement', () => {
  const seams =
    /^diagnostics\/(types|errors|window|define-check|io\/(io|cluster-reader|proxy-reader|proxy-sample|proxy-settings|proxy-health|guard|address|live-io|user-agent))\.ts$/;
  const outside = imports.filter((i) => room(i.from) === 'proxy' && room(i.to) === 'diagnostics' && !seams.test(i.to));
  // Statistics of counts, and what a PROXY header or a hello looks like on the wire, are pure and know nothing of checks.
  const pure = /^diagnostics\/(stats|wording|drain\/(drain|declared|model|roll)|wire\/[a-z-]+)\.ts$/;
  assert.deepEqual(lines(outside.filter((i) => !i.typeOnly && !pure.test(i.to))), []);
});

test('only diagnostics/io opens sockets and asks resolvers; besides it the page reader and the lab, which is a world', () => {
  const network = /^node:(net|tls|dns|dns\/promises|dgram|http|https|http2)$/;
  const may =
    /^(diagnostics\/io\/|proxy\/adapters\/metrics\/(page|unix-socket)\.ts$|proxy\/kubernetes\/source\.ts$|proxy\/lab\/|bot\/local-slack\/|bot\/demo\/|bot\/app\.ts$|workers\/embedded-redis\.ts$)/;
  const found = imports.filter((i) => network.test(i.to) && !i.typeOnly && !may.test(i.from));
  // isIP and BlockList are questions about text; health and metrics pages of our own processes are servers, not probes.
  const harmless = found.filter((i) => {
    const source = readFileSync(join(ROOT, i.from), 'utf8');
    const names = new RegExp(`import \\{([^}]*)\\} from '${i.to}'`).exec(source)?.[1] ?? '';
    return names.split(',').every((n) => /^\s*(type .*|isIP|isIPv4|isIPv6|BlockList|createServer|)\s*$/.test(n));
  });
  assert.deepEqual(lines(found.filter((i) => !harmless.includes(i))), []);
  const serving = harmless.filter((i) => /createServer/.test(readFileSync(join(ROOT, i.from), 'utf8')));
  assert.deepEqual(
    serving.filter((i) => room(i.from) === 'diagnostics').map((i) => i.from),
    [],
  );
});

test('only workers use BullMQ (and the consumer of the thread), only the bot uses Slack, nobody in diagnostics uses any package', () => {
  assert.deepEqual(lines(imports.filter((i) => i.to === 'bullmq' && room(i.from) !== 'workers')), []);
  assert.deepEqual(lines(imports.filter((i) => i.to.startsWith('@slack/') && room(i.from) !== 'bot')), []);
  const packages = imports.filter(
    (i) => room(i.from) === 'diagnostics' && !i.to.startsWith('node:') && room(i.to) !== 'diagnostics',
  );
  assert.deepEqual(lines(packages), []);
});

test('checks read files, clocks and processes of nobody: everything comes through their Io', () => {
  const pure = /^diagnostics\/(?!io\/)/;
  const impure = /^node:(fs|child_process|os|process|timers|worker_threads)/;
  assert.deepEqual(lines(imports.filter((i) => pure.test(i.from) && impure.test(i.to))), []);
  for (const file of globSync(
    'diagnostics/{suspicions/*,judge,scene,headline,findings,plan,stats,window,vantages,began,onset}.ts',
    { cwd: ROOT },
  )) {
    const source = readFileSync(join(ROOT, file), 'utf8');
    assert.ok(
      !/Date\.now\(|new Date\(\)|Math\.random|performance\.now/.test(source),
      `${file} has a clock or a die of its own`,
    );
  }
});

test('every relative import names a file that there is, with its ending', () => {
  const known = new Set(globSync('{bot,workers,diagnostics,proxy}/**/*.{ts,js}', { cwd: ROOT }));
  const gone = imports.filter((i) => OURS.has(room(i.to)) && i.to.includes('/') && !known.has(i.to));
  assert.deepEqual(lines(gone), []);
});
