import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { objectsIn } from './folder.ts';
import { rulesOf } from './rights.ts';
import { startApiServer } from './server.ts';

/**
 * `node test/kubernetes/api-server/main.ts --objects FOLDER [--objects …] --kubeconfig FILE [--port N] [--context NAME]
 * [--roles FILE] [--logs FOLDER] [--token TOKEN] [--token-file FILE] [--history N] [--http]`. Writes the kubeconfig, prints
 * `ready URL`, stays until SIGTERM. `--roles`: a file of ClusterRoles and Roles; without it everything is allowed.
 */
const { values } = parseArgs({
  options: {
    objects: { type: 'string', multiple: true, default: [] },
    kubeconfig: { type: 'string' },
    port: { type: 'string', default: '0' },
    context: { type: 'string', default: 'stand-in' },
    roles: { type: 'string' },
    logs: { type: 'string' },
    token: { type: 'string', default: 'reader-token' },
    'token-file': { type: 'string' },
    history: { type: 'string' },
    http: { type: 'boolean', default: false },
  },
});
const rules = values.roles
  ? rulesOf(parseAllDocuments(readFileSync(values.roles, 'utf8')).map((one) => one.toJS()))
  : null;
const server = await startApiServer({
  port: Number(values.port),
  clear: values.http,
  objects: values.objects.flatMap(objectsIn),
  tokens: { [values.token]: { name: 'reader', rules } },
  ...(values.logs && { logFolder: resolve(values.logs) }),
  ...(values.history && { history: Number(values.history) }),
});
if (values.kubeconfig) {
  const tokenFile = values['token-file'] && resolve(dirname(values.kubeconfig), values['token-file']);
  if (tokenFile) writeFileSync(tokenFile, values.token, { mode: 0o600 });
  const text = server.kubeconfig(values.context, tokenFile ? { tokenFile } : { token: values.token });
  writeFileSync(values.kubeconfig, text, { mode: 0o600 });
}
process.stdout.write(`ready ${server.url}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void server.close().then(() => process.exit(0)));
