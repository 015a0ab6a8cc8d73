import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dice } from '../../../bench/dice.ts';
import type { ObjectChange } from '../../../proxy/kubernetes/cluster.ts';
import { configMap, until, type World, world } from './worlds.ts';

/** What a change says, in short: `a/b 1>2`, with `-` for nothing. */
const said = (change: ObjectChange): string => {
  const value = (one: ObjectChange['after']): string =>
    one ? ((one as { data?: { value?: string } }).data?.value ?? '?') : '-';
  return `${change.key} ${value(change.before)}>${value(change.after)}`;
};

const NAMESPACES = ['shop', 'blog', 'wiki'];
const NAMES = Array.from({ length: 40 }, (_, i) => `c${i}`);

/** Makes changes one after another and knows them: of each object, the values it had in order. */
function maker({ server }: World, random: () => number) {
  const history = new Map<string, string[]>();
  const values = new Map<string, string>();
  let made = 0;
  let deletions = 0;
  return {
    history,
    values,
    counts: () => ({ made, deletions }),
    one(): void {
      const namespace = NAMESPACES[Math.floor(random() * NAMESPACES.length)] as string;
      const name = NAMES[Math.floor(random() * NAMES.length)] as string;
      const key = `${namespace}/${name}`;
      made++;
      const old = values.get(key) ?? '-';
      const value = values.has(key) && random() < 0.2 ? '-' : String(made);
      if (value === '-') {
        deletions++;
        values.delete(key);
        server.remove('ConfigMap', namespace, name);
      } else {
        values.set(key, value);
        server.apply(configMap(namespace, name, value));
      }
      const line = history.get(key) ?? [];
      history.set(key, line);
      line.push(`${key} ${old}>${value}`);
    },
  };
}

const stateOf = (cluster: {
  view: { objects: { configmaps: ReadonlyMap<string, { data: { [key: string]: string } }> } };
}) => new Map([...cluster.view.objects.configmaps].map(([key, { data }]) => [key, data.value]));

/** Each object's changes as heard: a chain in which each begins where the one before ended, over values in the order in which they were made. */
function chains(changes: ObjectChange[], history: Map<string, string[]>): { merged: number; broken: string[] } {
  const broken: string[] = [];
  let merged = 0;
  for (const [key, heard] of Map.groupBy(changes, (change) => change.key)) {
    const made = history.get(key) ?? [];
    const after = (line: string): string => line.slice(line.indexOf('>') + 1);
    let at = -1;
    let last = '-';
    for (const line of heard.map(said)) {
      if (!line.startsWith(`${key} ${last}>`)) broken.push(`${line} does not follow ${last}`);
      last = after(line);
      // A deletion is there many times; all others have a value of their own.
      let to = made.findIndex((one, i) => i > at && after(one) === last);
      if (last === '-' && to === -1) broken.push(`${line} was never made`);
      if (to === -1) to = at;
      merged += to - at - 1;
      at = to;
    }
    // What came after and left everything as it was last heard.
    merged += made.length - 1 - at;
    if (last !== after(made.at(-1) as string)) broken.push(`${key} ends at ${last}, not as made`);
  }
  for (const [key, made] of history) if (!changes.some((change) => change.key === key)) merged += made.length;
  return { merged, broken };
}

test('10,000 changes in a quiet world: each is heard once, in the order made', { timeout: 60_000 }, async (t) => {
  const here = await world(t, { clear: true });
  const { cluster, changes } = await here.watch({ only: ['configmaps'] });
  assert.equal(await cluster.ready(5_000), true);
  const { one, history, values } = maker(here, dice(1));
  const order: string[] = [];
  for (let i = 0; i < 10_000; i++) {
    one();
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => changes.length >= 10_000);
  for (const change of changes) order.push(said(change));
  assert.equal(order.length, 10_000);
  for (const [key, made] of history)
    assert.deepEqual(
      order.filter((line) => line.startsWith(`${key} `)),
      made,
    );
  assert.deepEqual(stateOf(cluster), values);
});

test('10,000 changes while watches are dropped in every way, warm restarts, a token expires, 429s: none missed, none twice', {
  timeout: 120_000,
}, async (t) => {
  const random = dice(2);
  const here = await world(t, { tokens: { first: { name: 'reader', rules: null } }, pace: { bookmarkMs: 20 }, random });
  const { server, dir, kubeconfig } = here;
  const tokenFile = join(dir, 'token');
  writeFileSync(tokenFile, 'first\n');
  writeFileSync(kubeconfig, server.kubeconfig('prod', { tokenFile }));
  const { cluster, changes } = await here.watch({ only: ['configmaps'], idleMs: 150, random });
  assert.equal(await cluster.ready(5_000), true);
  const { one, history, values, counts } = maker(here, random);
  let token = 'first';
  const troubles = [
    () => server.drop('end'),
    () => server.drop('cut'),
    () => server.drop('silence'),
    async () => {
      await server.kill();
      for (let i = 0; i < 20; i++) one();
      await server.start('warm');
    },
    () => {
      server.tokens.delete(token);
      server.drop('cut');
      token = `token-${random()}`;
      server.tokens.set(token, { name: 'reader', rules: null });
      writeFileSync(tokenFile, token);
    },
    () => {
      server.faults.push({ how: 429, retryAfter: 1, times: 3 }, { how: 503, times: 2 }, { how: 'cut', times: 1 });
      server.drop('end');
    },
    () => {
      server.faults.push({ how: 'half', times: 1 }, { how: 'html', times: 1, verb: 'list' });
      server.drop('cut');
    },
  ];
  let drops = 0;
  while (counts().made < 10_000) {
    for (let i = 0; i < 100; i++) one();
    if (random() < 0.5) {
      drops++;
      await (troubles[Math.floor(random() * troubles.length)] as () => unknown)();
    }
    // Mostly troubles meet a watch that runs, now and then one that just begins again.
    if (random() < 0.7) await until(() => changes.length >= counts().made);
    else await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => JSON.stringify([...stateOf(cluster)].sort()) === JSON.stringify([...values].sort()));
  const { made, deletions } = counts();
  assert.equal(changes.length, made);
  t.diagnostic(`${made} made and heard, ${deletions} deletions among them, ${drops} troubles`);
  assert.equal(changes.filter((change) => change.after === null).length, deletions);
  assert.deepEqual(chains(changes, history), { merged: 0, broken: [] });
});

test('10,000 changes with 410 at any moment and restarts with a cold cache: lists merge changes, none is lost or twice', {
  timeout: 120_000,
}, async (t) => {
  const random = dice(3);
  const here = await world(t, { clear: true, random });
  const { server } = here;
  const { cluster, changes } = await here.watch({ only: ['configmaps'], random });
  assert.equal(await cluster.ready(5_000), true);
  const { one, history, values, counts } = maker(here, random);
  let lists = 0;
  while (counts().made < 10_000) {
    for (let i = 0; i < 100; i++) one();
    if (random() < 0.5) {
      const before = server.asked.get('list configmaps') ?? 0;
      if (random() < 0.4) {
        await server.kill();
        for (let i = 0; i < 20; i++) one();
        await server.start('cold');
      } else if (random() < 0.5) {
        server.drop('expire');
        for (let i = 0; i < 20; i++) one();
      } else {
        server.drop('cut');
        for (let i = 0; i < 20; i++) one();
        server.store.compact();
      }
      await until(() => (server.asked.get('list configmaps') ?? 0) > before || server.watches.size > 0);
      lists++;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => JSON.stringify([...stateOf(cluster)].sort()) === JSON.stringify([...values].sort()));
  const { made } = counts();
  const { merged, broken } = chains(changes, history);
  assert.deepEqual(broken, []);
  assert.ok(lists > 20 && merged > 0, 'the lists did merge changes, or this test shows nothing');
  assert.equal(changes.length + merged, made, 'every change is heard, or is one of those that a list merged');
  t.diagnostic(`${made} made, ${changes.length} heard, ${merged} merged by ${lists} lists`);
});
