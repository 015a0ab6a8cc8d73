import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { KubeConfig, User } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';
import { parse } from 'yaml';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import { pluginCredentials, pluginOf } from './exec-plugin.ts';
import { list, raw, text } from './pick.ts';

/** Where a cluster is and who we are there. */
export interface ClusterAccess {
  /** A kubeconfig file, absolute; null: the usual places ($KUBECONFIG, ~/.kube/config), then the pod's own account. */
  kubeconfig: string | null;
  /** null: the file's current one. */
  context: string | null;
}

/** What every request needs. */
export interface Session {
  /** The context's name. */
  cluster: string;
  /** Without a slash at its end. */
  server: string;
  /** Headers with credentials as they are now. */
  headers(): Promise<{ [name: string]: string }>;
  dispatcher: Dispatcher;
}

/** Mounted tokens are replaced about once an hour and stay valid for a while; client-go reads them every minute too, ms. */
const TOKEN_MS = 60_000;
/** A kubeconfig of some hundred clusters is below it, bytes. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Longest that credentials may take, ms: above what a plugin is given. */
const CREDENTIALS_MS = 25_000;

/** Lets our runner ask the plugins of a kubeconfig instead of the library's, which has no limits. */
function withOwnPlugins(config: KubeConfig): void {
  const asks = new Map<string, ReturnType<typeof pluginCredentials>>();
  config.users = list(config.users).map((one) => {
    const user = one as unknown as User;
    const exec = pluginOf(user);
    if (!exec) return user;
    asks.set(user.name, pluginCredentials(exec));
    return { ...user, exec: undefined, authProvider: undefined };
  });
  config.addAuthenticator({
    isAuthProvider: (user) => asks.has(user.name),
    async applyAuthentication(user, options) {
      const found = await asks.get(user.name)?.();
      if (found?.certificate) Object.assign(options, { cert: found.certificate, key: found.key ?? undefined });
      if (found?.token) options.headers = { ...options.headers, Authorization: `Bearer ${found.token}` };
    },
  });
}

/** The file that holds a user's token: `tokenFile` of a kubeconfig (client-node knows only `token-file`), or the pod's own. */
async function tokenFileOf(config: KubeConfig, file: string | null): Promise<string | null> {
  const user = config.getCurrentUser();
  const provided = text(raw(raw(user?.authProvider).config).tokenFile);
  if (provided || !file || user?.token) return provided;
  const users = list(raw(parse(await readFile(file, 'utf8'))).users);
  const named = text(raw(users.find((one) => one.name === user?.name)?.user).tokenFile);
  return named === null || isAbsolute(named) ? named : join(dirname(file), named);
}

/**
 * Reads a kubeconfig. The client library is loaded only here, since it costs 90 MB: it knows how to read kubeconfigs and how
 * to get credentials (certificates, tokens, plugins). Throws TriageError for a file that is none.
 */
export async function openSession(access: ClusterAccess): Promise<Session> {
  const [{ KubeConfig, HttpMethod, RequestContext }, { Agent }] = await Promise.all([
    import('@kubernetes/client-node'),
    import('undici'),
  ]);
  const { kubeconfig, context } = access;
  const file = kubeconfig ?? 'kubeconfig';
  const bad = (why: string, cause?: unknown): TriageError =>
    new TriageError('unreadable', `${file}: ${why}`, cause === undefined ? {} : { cause });
  const config = new KubeConfig();
  let tokenFile: string | null = null;
  try {
    if (kubeconfig) {
      // A pipe would be waited for, and a device has no end.
      const found = await stat(kubeconfig);
      if (!found.isFile() || found.size > MAX_BYTES) throw new Error('no file, or too large for a kubeconfig');
      config.loadFromFile(kubeconfig);
    } else {
      config.loadFromDefault();
    }
    withOwnPlugins(config);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw bad(missing ? 'no such file' : reasonOf(error), error);
  }
  if (context !== null) {
    if (!config.getContextObject(context)) {
      const known = config.getContexts().map((one) => one.name);
      throw bad(`there is no context ${context} (there are ${known.join(', ')})`);
    }
    config.setCurrentContext(context);
  }
  const server = config.getCurrentCluster()?.server?.replace(/\/$/, '');
  if (!server || !URL.canParse(server)) throw bad('its current context names no cluster');
  try {
    tokenFile = await tokenFileOf(config, kubeconfig);
  } catch (error) {
    throw bad(reasonOf(error), error);
  }

  // client-node refuses clear HTTP (`kubectl proxy`) unless certificates need not be verified; there are none then.
  if (server.startsWith('http:')) {
    const { contexts, users, currentContext } = config;
    const clusters = config.clusters.map((one) => ({ ...one, skipTLSVerify: true }));
    config.loadFromOptions({ clusters, contexts, users, currentContext });
  }
  const apply = async () => {
    const request = new RequestContext(server, HttpMethod.GET);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`none within ${CREDENTIALS_MS / 1000} s`)), CREDENTIALS_MS);
    try {
      await Promise.race([config.applySecurityAuthentication(request), late.promise]);
    } finally {
      clearTimeout(timer);
    }
    return request;
  };
  const mounted = { token: '', readAt: Number.NEGATIVE_INFINITY };
  const first = await apply().catch((error: unknown) => {
    throw bad(`no credentials: ${reasonOf(error)}`, error);
  });
  return {
    cluster: config.getCurrentContext() || basename(kubeconfig ?? 'in-cluster'),
    server,
    // One dispatcher for all requests: a new one each time would be a TLS handshake each time.
    dispatcher: (first.getDispatcher() as Dispatcher | undefined) ?? new Agent(),
    async headers() {
      if (!tokenFile) return (await apply()).getHeaders();
      if (performance.now() - mounted.readAt > TOKEN_MS) {
        mounted.token = (await readFile(tokenFile, 'utf8')).trim();
        mounted.readAt = performance.now();
      }
      const others = Object.entries(first.getHeaders()).filter(([name]) => name.toLowerCase() !== 'authorization');
      return { ...Object.fromEntries(others), authorization: `Bearer ${mounted.token}` };
    },
  };
}
