import assert from 'node:assert/strict';
import test from 'node:test';
import { pluginCredentials, pluginOf, runPlugin } from '../../../proxy/kubernetes/exec-plugin.ts';

const shell = (script: string) => ({ command: '/bin/sh', args: ['-c', script], env: [{ name: 'SAYS', value: 'abc' }] });
const gave = (status: string): string => `printf '%s' '{"status":${status}}'`;

test('a credential plugin gives a token or a certificate, and is asked again when it has ended', async () => {
  assert.deepEqual(await runPlugin(shell(`printf '{"status":{"token":"%s"}}' "$SAYS"`)), {
    token: 'abc',
    certificate: null,
    key: null,
    until: null,
  });
  const certificate = await runPlugin(shell(gave('{"clientCertificateData":"C","clientKeyData":"K"}')));
  assert.deepEqual([certificate.certificate, certificate.key], ['C', 'K']);
  const each = pluginCredentials(
    shell(`printf '{"status":{"token":"%s","expirationTimestamp":"2001-01-01T00:00:00Z"}}' $$`),
  );
  assert.notEqual((await each()).token, (await each()).token);
  const once = pluginCredentials(shell(`printf '{"status":{"token":"%s"}}' $$`));
  assert.equal((await once()).token, (await once()).token);
});

test('a plugin that hangs, floods or fails is ended with all that it started, and its secrets are not repeated', async () => {
  await assert.rejects(
    runPlugin(shell('sleep 600 & sleep 600'), { ms: 200, bytes: 1_000 }),
    /gave nothing within 0.2 s/,
  );
  await assert.rejects(runPlugin(shell('cat /dev/zero')), /wrote more than 1048576 bytes/);
  await assert.rejects(runPlugin(shell('echo token=hunter2hunter2 >&2; exit 3')), (error: Error) => {
    assert.match(error.message, /\/bin\/sh ended with status 3: token=…/);
    return !error.message.includes('hunter2');
  });
  for (const said of ['hunter2', 'null', '[]', '{"status":{"token":5}}'])
    await assert.rejects(runPlugin(shell(`printf '%s' '${said}'`)), (error: Error) => {
      assert.match(error.message, /wrote no JSON|neither a token nor a certificate/);
      return !error.message.includes('hunter2');
    });
  await assert.rejects(runPlugin({ command: '/nowhere/at-all' }), /could not be run \(ENOENT\)/);
  await assert.rejects(runPlugin({ command: 5 }), /names no command/);
});

test('plugins are found where kubeconfigs of any age name them', () => {
  const exec = { command: 'aws' };
  assert.deepEqual(pluginOf({ exec }), exec);
  assert.deepEqual(pluginOf({ authProvider: { config: { exec } } }), exec);
  for (const user of [null, {}, { authProvider: 5 }, { authProvider: { config: null } }])
    assert.equal(pluginOf(user), null);
});
