import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { RESOURCES } from '../../proxy/kubernetes/resources.ts';
import { type Manifest, named, plainObjects, podsOf } from './objects.ts';
import { type Ask, missingParts, startApiServer } from './real-api-server.ts';

const NAMESPACE = 'is-it-the-ingress';
const objects = plainObjects();

/** `Deployment` of `apps/v1` in a namespace: where it is posted to. NetworkPolicy is the one plural in -ies. */
function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = `${kind.toLowerCase().replace(/y$/, 'ie')}s`;
  return `${group}${metadata.namespace ? `/namespaces/${metadata.namespace}` : ''}/${plural}`;
}

describe('a real API server', { skip: missingParts() ?? false }, () => {
  let ask: Ask;
  let stop: () => Promise<void> = async () => {};

  before(async () => {
    ({ ask, stop } = await startApiServer());
    const [namespace] = objects.filter(({ kind }) => kind === 'Namespace');
    const { status, body } = await ask('POST', '/api/v1/namespaces', { body: namespace });
    assert.equal(status, 201, JSON.stringify(body));
  });
  after(() => stop());

  test('accepts every object as it is', async () => {
    for (const object of objects.filter(({ kind }) => kind !== 'Namespace')) {
      const { status, body } = await ask('POST', `${pathOf(object)}?fieldValidation=Strict`, { body: object });
      assert.equal(status, 201, `${named(object)}: ${body.message}`);
    }
  });

  test('lets every pod run under the "restricted" profile, which the namespace demands', async () => {
    const path = `/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All`;
    const pod = (labels: unknown, spec: unknown) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'one', labels },
      spec,
    });
    for (const { name, labels, spec } of podsOf(objects)) {
      const volumes = spec.volumes ?? [{ name: 'data', emptyDir: {} }];
      const { status, body } = await ask('POST', path, { body: pod(labels, { ...spec, volumes }) });
      assert.equal(status, 201, `${name}: ${body.message}`);
    }
    const careless = await ask('POST', path, { body: pod({}, { containers: [{ name: 'a', image: 'a' }] }) });
    assert.equal(careless.status, 403);
  });

  test('lets the workers list and watch all that is watched, and refuses them everything else', async () => {
    const account = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/is-it-the-ingress-workers/token`;
    const given = await ask('POST', account, {
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } },
    });
    const { token } = given.body.status;
    const may = async (verb: string, group: string, resource: string, subresource = ''): Promise<boolean> => {
      const { body } = await ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        token,
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { verb, group, resource, subresource } },
        },
      });
      return body.status.allowed;
    };
    for (const { group, plural, optional, versions } of Object.values(RESOURCES)) {
      for (const verb of ['get', 'list', 'watch']) assert.equal(await may(verb, group, plural), true, plural);
      for (const verb of ['create', 'update', 'patch', 'delete', 'deletecollection'])
        assert.equal(await may(verb, group, plural), false, `${verb} ${plural}`);
      if (optional) continue;
      const path = `${group ? `/apis/${group}` : '/api'}/${versions[0]}/${plural}?limit=1`;
      assert.equal((await ask('GET', path, { token })).status, 200, path);
    }
    for (const [verb, resource, subresource] of [
      ['list', 'secrets'],
      ['get', 'secrets'],
      ['get', 'pods', 'log'],
      ['get', 'pods', 'exec'],
      ['create', 'pods', 'exec'],
      ['create', 'pods', 'portforward'],
      ['get', 'nodes', 'proxy'],
      ['create', 'serviceaccounts', 'token'],
      ['list', 'serviceaccounts'],
      ['impersonate', 'users'],
    ] as const)
      assert.equal(await may(verb, '', resource, subresource), false, [verb, resource, subresource].join(' '));
    assert.equal((await ask('GET', '/api/v1/secrets', { token })).status, 403);
  });
});
