import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { findTool, runTool } from '../../deploy/tools.ts';
import { startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { DOCKERFILE, execForm, filesInImage, inContext, instructionsOf, ROOT, reachedFrom } from './image.ts';
import { plainObjects, podsOf } from './objects.ts';

const instructions = instructionsOf(readFileSync(DOCKERFILE, 'utf8'));
const ignore = readFileSync(join(ROOT, '.dockerignore'), 'utf8');
const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** What people may run by `kubectl exec`, besides the two processes. */
const COMMANDS = 'bot workers check replay path checks tls proxy-protocol balance reloads rights'.split(' ');

test('the image holds every file and every package that its commands load', () => {
  const held = new Set(filesInImage());
  const { files, packages } = reachedFrom(['bot/cli/main.ts', ...COMMANDS.map((name) => `bot/cli/${name}.ts`)]);
  assert.ok(files.size > 250);
  assert.deepEqual(
    [...files].filter((file) => !held.has(file)),
    [],
  );
  assert.deepEqual(
    [...packages].filter((name) => !(name in dependencies)),
    [],
  );
});

test('and nothing else: no tests, lab, demo or benchmarks, no packages for development, no shell command at its start', () => {
  const held = filesInImage();
  assert.deepEqual(
    held.filter((file) => /^(test|bench|docs|deploy)\/|\/lab\/|demo|local-slack|bot\/eval|\.html$|\.css$/.test(file)),
    [],
  );
  for (const file of ['.git/config', 'node_modules/zod/package.json', 'deploy/Dockerfile', '.env', 'inventory.yaml'])
    assert.equal(inContext(file, ignore), false, file);
  const install = instructions.find((one) => one.name === 'RUN')?.rest ?? '';
  assert.match(install, /npm install --no-save --omit=dev --ignore-scripts/);
  const last = Math.max(...instructions.map((one) => one.stage));
  assert.ok(!instructions.some((one) => one.stage === last && one.name === 'RUN'), 'there is no shell to run it');
});

test('it runs as the user that the manifests name, with the port and the commands that they name', () => {
  const user = instructions.find((one) => one.name === 'USER')?.rest;
  const [bot, workers] = ['-bot', '-workers'].map((end) =>
    podsOf(plainObjects()).find(({ name }) => name.endsWith(end)),
  );
  for (const pod of [bot, workers]) {
    const { runAsUser, runAsGroup } = pod?.spec.securityContext ?? {};
    assert.equal(user, `${runAsUser}:${runAsGroup}`);
    const [container] = pod?.spec.containers ?? [];
    assert.ok(COMMANDS.includes(container.args[0]));
    const port = container.ports[0].containerPort;
    assert.equal(instructions.find((one) => one.name === 'EXPOSE')?.rest, String(port));
    assert.equal(container.env.find((entry: { name: string }) => entry.name === 'METRICS_PORT').value, String(port));
  }
  assert.deepEqual(execForm(instructions, 'CMD'), ['workers']);
});

test('docker-compose.yml builds the same Dockerfile and gives commands that there are', () => {
  const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true });
  for (const name of ['bot', 'workers']) {
    assert.equal(services[name].build.dockerfile, 'deploy/Dockerfile');
    assert.deepEqual(services[name].command, [name]);
    assert.equal(services[name].read_only, true);
    assert.deepEqual(services[name].healthcheck.test.slice(0, 2), ['CMD', 'node'], 'no shell is there to ask');
  }
});

const hadolint = findTool('hadolint');
test('hadolint has nothing to say', { skip: hadolint ? false : 'hadolint is not installed (deploy/get-tools)' }, () => {
  const done = runTool(hadolint as string, [DOCKERFILE]);
  assert.equal(done.code, 0, done.out + done.err);
});

test('the files of the image alone start the workers, with no right to write a file or to start a process', async (t) => {
  const redis = await startEmbeddedRedis();
  t.after(() => redis.stop());
  const app = await realpath(await mkdtemp(join(tmpdir(), 'iti-image-')));
  t.after(() => rm(app, { recursive: true, force: true }));
  for (const file of filesInImage()) {
    mkdirSync(dirname(join(app, file)), { recursive: true });
    cpSync(join(ROOT, file), join(app, file));
  }
  await writeFile(join(app, 'inventory.yaml'), 'version: 1\n');
  const [, ...entry] = execForm(instructions, 'ENTRYPOINT');
  const packages = join(ROOT, 'node_modules');
  // Packages are found by their folder's name; the permission model stands for the read-only root without a shell.
  await symlink(packages, join(app, 'node_modules'));
  const child = spawn(
    process.execPath,
    ['--permission', `--allow-fs-read=${app}`, `--allow-fs-read=${packages}`, ...entry, 'workers'],
    {
      cwd: app,
      env: { REDIS_URL: redis.url, INVENTORY: join(app, 'inventory.yaml'), METRICS_PORT: '0', NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ready = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('"ready":true')) resolve();
    });
  });
  await Promise.race([ready, ended.then((code) => assert.fail(`ended with ${code}: ${said}`))]);
  const { metricsPort } = JSON.parse(said.split('\n').find((line) => line.includes('"ready":true')) as string);
  const page = await fetch(`http://127.0.0.1:${metricsPort}/readyz`);
  assert.equal(page.status, 200);
  await page.text();
  child.kill('SIGTERM');
  const code = await ended;
  assert.ok(code === 0, `ended with ${code}: ${said}`);
});
