import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { objectsIn } from './folder.ts';
import type { Rule } from './rights.ts';
import { type ApiServer, startApiServer } from './server.ts';
import type { KubeObject } from './store.ts';

/** Whole exchanges of kube-apiserver 1.28.5, and the same asked of the stand-in: status, headers that matter, body. */
const FIXTURES = join(import.meta.dirname, '../../fixtures/kubernetes/1.28.5');
const objects = objectsIn(join(FIXTURES, 'lists'));

interface Exchange {
  method: string;
  path: string;
  status: number;
  headers: Map<string, string>;
  body: string;
}

function recorded(name: string): Exchange {
  const text = readFileSync(join(FIXTURES, 'http', `${name}.txt`), 'utf8').replace(/^(#.*\n)+/, '');
  const [request = '', head = '', ...rest] = text.split('\n\n');
  const [method = '', path = ''] = request.split(' ');
  const [first = '', ...lines] = head.split('\n');
  const headers = new Map(lines.map((line) => [line.split(': ')[0]?.toLowerCase() ?? '', line.split(': ')[1] ?? '']));
  return { method, path, status: Number(first.split(' ')[1]), headers, body: rest.join('\n\n') };
}

/** Rights of the account that the exchanges were recorded with. */
const READ = ['get', 'list', 'watch'];
const rules: Rule[] = [
  { verbs: READ, apiGroups: [''], resources: ['services', 'pods', 'nodes', 'namespaces', 'endpoints'] },
  { verbs: ['get', 'list'], apiGroups: ['discovery.k8s.io', 'networking.k8s.io', 'apps'], resources: ['*'] },
];

let server: ApiServer;
before(async () => {
  server = await startApiServer({
    clear: true,
    objects,
    tokens: { reader: { name: 'reader', rules }, admin: { name: 'admin', rules: null } },
    pace: { bookmarkMs: 150 },
  });
});
after(() => server.close());

async function asked(exchange: Exchange, token: string, path = exchange.path, more: RequestInit = {}) {
  const headers = { authorization: `Bearer ${token}`, ...(more.headers as object) };
  return fetch(server.url + path, { ...more, method: exchange.method, headers });
}

const MATTER = ['content-type', 'cache-control', 'x-content-type-options', 'retry-after'];
function sameHead(exchange: Exchange, answer: Response): void {
  assert.equal(answer.status, exchange.status);
  for (const name of MATTER) assert.equal(answer.headers.get(name), exchange.headers.get(name) ?? null, name);
  for (const name of ['audit-id', 'x-kubernetes-pf-flowschema-uid'])
    assert.equal(answer.headers.has(name), exchange.headers.has(name), name);
}

/** Numbers of versions differ, and what a token holds is compared, not its letters. */
const versionless = (text: string): string =>
  text
    .replace(/"continue":"([^"]+)"/g, (_, token) => `"continue":${Buffer.from(token, 'base64url').toString('utf8')}`)
    .replace(/("resourceVersion":"|"rv":|too old resource version: \d+ \()\d+/g, '$1N');

/** Exactly these bytes, but for versions. */
for (const [name, token] of [
  ['forbidden-by-name-only', 'reader'],
  ['forbidden-list', 'reader'],
  ['forbidden-log', 'reader'],
  ['forbidden-namespaced', 'reader'],
  ['forbidden-watch', 'reader'],
  ['list-from-the-future', 'admin'],
  ['log-without-a-kubelet', 'admin'],
  ['no-such-group', 'admin'],
  ['not-found', 'admin'],
  ['unauthorized', 'nobody'],
] as const)
  test(`${name}: the same answer`, async () => {
    const exchange = recorded(name);
    const answer = await asked(exchange, token);
    sameHead(exchange, answer);
    assert.equal(versionless(await answer.text()), versionless(exchange.body));
  });

/** What is in the object when it was recorded, without what its life added: versions, times. */
const bare = (object: KubeObject): unknown => {
  const { resourceVersion: _, creationTimestamp: __, uid: ___, ...metadata } = object.metadata;
  return { ...object, metadata };
};

for (const name of ['list-chunk-1', 'list-chunk-2', 'list-metadata-only', 'list-rv-0'])
  test(`${name}: the same objects, token and count`, async () => {
    const exchange = recorded(name);
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const more = name === 'list-metadata-only' ? { headers: { accept } } : {};
    // The token of the second part names the version of the first, here as there.
    const path = name === 'list-chunk-2' ? await nextPath() : exchange.path;
    const answer = await asked(exchange, 'admin', path, more);
    sameHead(exchange, answer);
    const text = await answer.text();
    const [ours, theirs] = [JSON.parse(text), JSON.parse(exchange.body)];
    assert.deepEqual(ours.items.map(bare), theirs.items.map(bare));
    assert.deepEqual(Object.keys(ours.items[0]).sort(), Object.keys(theirs.items[0]).sort());
    assert.deepEqual(Object.keys(ours), Object.keys(theirs));
    const head = (body: string): string => versionless(body.slice(0, body.indexOf(',"items"')));
    assert.equal(head(text), head(exchange.body));
  });

async function nextPath(): Promise<string> {
  const first = recorded('list-chunk-1');
  const { metadata } = (await (await asked(first, 'admin')).json()) as { metadata: { continue: string } };
  return `/api/v1/pods?limit=3&continue=${metadata.continue}`;
}

test('version, groups and reviews have the recorded shape', async () => {
  const shape = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.slice(0, 1).map(shape)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]))
        : typeof value;
  const bodies: { [name: string]: object } = {
    'self-subject-access-review': { spec: { resourceAttributes: { verb: 'list', resource: 'secrets' } } },
    'self-subject-rules-review': { spec: { namespace: 'shop' } },
  };
  for (const name of ['version', 'groups', 'self-subject-access-review', 'self-subject-rules-review']) {
    const exchange = recorded(name);
    const body = bodies[name];
    const answer = await asked(exchange, 'reader', exchange.path, body ? { body: JSON.stringify(body) } : {});
    sameHead(exchange, answer);
    const [ours, theirs] = [(await answer.json()) as never, JSON.parse(exchange.body)];
    // Who wrote a review is of no use to anybody.
    delete theirs.metadata?.managedFields;
    assert.deepEqual(shape(ours), shape(theirs), name);
  }
});

/** Events of a watch, a name and a shape each. */
const eventsIn = (text: string): { type: string; object: KubeObject }[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

test('watches: initial events, bookmarks, changes, deletions with the version of the write', async () => {
  const initial = recorded('watch-initial-events');
  const first = await asked(initial, 'admin', initial.path.replace(/timeoutSeconds=\d+/, 'timeoutSeconds=1'));
  sameHead(initial, first);
  const theirs = eventsIn(initial.body).map(({ type, object }) => [type, bare(object)]);
  assert.deepEqual(
    eventsIn(await first.text()).map(({ type, object }) => [type, bare(object)]),
    theirs,
  );

  const exchange = recorded('watch-with-bookmarks');
  const from = server.store.revision;
  const path = exchange.path.replace(/resourceVersion=\d+/, `resourceVersion=${from}`).replace(/=75$/, '=1');
  const answer = await asked(exchange, 'admin', path);
  sameHead(exchange, answer);
  const slice = objects.find((one) => one.metadata.name === 'billing-x7k2p') as KubeObject;
  for (const zone of ['a', 'b', 'c']) server.apply({ ...slice, endpoints: [{ addresses: ['10.244.1.19'], zone }] });
  const { uid: _, ...metadata } = slice.metadata;
  server.apply({ ...slice, metadata: { ...metadata, name: 'short-lived' } });
  server.remove('EndpointSlice', 'billing', 'short-lived');
  const ours = eventsIn(await answer.text());
  const recordedEvents = eventsIn(exchange.body);
  const types = (events: { type: string }[]): string[] =>
    events.map((one) => one.type).filter((one) => one !== 'BOOKMARK');
  assert.deepEqual(types(ours), types(recordedEvents));
  assert.deepEqual(
    ours.slice(0, 5).map(({ object }) => Number(object.metadata.resourceVersion) - from),
    [1, 2, 3, 4, 5],
  );
  const generations = (events: { object: KubeObject }[]): unknown[] =>
    events.slice(0, 3).map(({ object }) => Number(object.metadata.generation));
  assert.deepEqual(generations(ours), generations(recordedEvents));
  const deleted = recordedEvents.find((one) => one.type === 'DELETED')?.object.metadata.resourceVersion;
  const added = recordedEvents.find((one) => one.type === 'ADDED')?.object.metadata.resourceVersion;
  assert.equal(
    Number(deleted),
    Number(added) + 1,
    'a recorded deletion has the version of the write, not of the object',
  );
  const mark = (events: { type: string; object: KubeObject }[]) =>
    versionless(JSON.stringify(events.find((one) => one.type === 'BOOKMARK')));
  assert.equal(mark(ours), mark(recordedEvents));
});

test('a watch from the future stays silent; one from the past says 410 in a 200; a leaving server just ends it', async () => {
  const future = recorded('watch-from-the-future');
  const silent = await asked(future, 'admin', future.path.replace(/timeoutSeconds=\d+/, 'timeoutSeconds=1'));
  sameHead(future, silent);
  assert.deepEqual(eventsIn(await silent.text()), []);
  const leaving = recorded('watch-server-leaves');
  const open = await asked(leaving, 'admin');
  sameHead(leaving, open);
  server.drop('end');
  assert.equal(
    eventsIn(await open.text()).every((one) => one.type === 'ADDED'),
    true,
  );
  const tooOld = recorded('watch-too-old');
  server.store.coldCache();
  const past = await asked(tooOld, 'admin');
  sameHead(tooOld, past);
  assert.equal(
    versionless(await past.text()),
    versionless(tooOld.body.split('\n\n')[0] as string).replace(/\n*\(stream ends\)\n*$/, '\n'),
  );
});

test('after a compaction: lists at an old version and old tokens are gone', async () => {
  server.store.compact();
  for (const name of ['list-compacted', 'continue-expired']) {
    const exchange = recorded(name);
    const answer = await asked(exchange, 'admin');
    sameHead(exchange, answer);
    assert.equal(versionless(await answer.text()), versionless(exchange.body));
  }
});

test('lenient where the real one answers 422: a loopback address in an EndpointSlice is taken', async () => {
  const exchange = recorded('loopback-endpoint-refused');
  assert.equal(exchange.status, 422);
  const metadata = { name: 'loop', namespace: 'shop' };
  const body = JSON.stringify({ metadata, addressType: 'IPv4', endpoints: [{ addresses: ['127.0.0.1'] }], ports: [] });
  assert.equal((await asked(exchange, 'admin', exchange.path, { body })).status, 201);
});
