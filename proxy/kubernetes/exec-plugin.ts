import { spawn } from 'node:child_process';
import { cleanLine } from '../adapters/logs/clean.ts';
import { list, type Raw, raw, text, words } from './pick.ts';

/** What a credential plugin gave; null: not that. */
interface PluginCredential {
  token: string | null;
  certificate: string | null;
  key: string | null;
  /** ms since the epoch; null: it does not end. */
  until: number | null;
}

/** Plugins ask a cloud, some seconds; one that waits for a person at a terminal would wait for ever. */
const LIMITS = { ms: 20_000, bytes: 1024 * 1024 };
/** Of what it says of its failure, bytes, and what is repeated of that, characters. */
const SAID = { bytes: 4_096, characters: 150 };

/**
 * Runs the credential plugin of a kubeconfig (client.authentication.k8s.io, ExecCredential) within limits of time and
 * size: client-node has none of either (1.4, exec_auth.js), and a plugin that writes without end ends the process there.
 * What it gives is never repeated, of its complaint one cleaned line. Throws Error that names the command and what became of it.
 */
export async function runPlugin(exec: Raw, limits: typeof LIMITS = LIMITS): Promise<PluginCredential> {
  const command = text(exec.command);
  if (!command) throw new Error('its plugin names no command');
  const env = Object.fromEntries(list(exec.env).map((one) => [text(one.name) ?? '', text(one.value) ?? '']));
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // A group of its own: what the plugin started ends with it.
  const child = spawn(command, words(exec.args), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const timer = setTimeout(() => reject(new Error(`gave nothing within ${limits.ms / 1000} s`)), limits.ms);
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limits.bytes) reject(new Error(`wrote more than ${limits.bytes} bytes`));
    else chunks.push(chunk);
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    if (said.length < SAID.bytes) said = (said + chunk).slice(0, SAID.bytes);
  });
  child.on('error', (error: NodeJS.ErrnoException) =>
    reject(new Error(`could not be run (${error.code ?? 'unknown'})`)),
  );
  child.on('close', (code, signal) =>
    code === 0
      ? resolve(Buffer.concat(chunks).toString('utf8'))
      : reject(new Error(`ended with ${signal ?? `status ${code}`}${wordsOf(said)}`)),
  );
  try {
    return credentialIn(await promise);
  } catch (error) {
    throw new Error(`its plugin ${command} ${(error as Error).message}`, { cause: error });
  } finally {
    clearTimeout(timer);
    end(child.pid);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

function wordsOf(said: string): string {
  const line = cleanLine(said.trim().split('\n', 1)[0] ?? '', SAID.characters);
  return line ? `: ${line}` : '';
}

/** Ends a group of processes that may have ended by itself. */
function end(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

function credentialIn(said: string): PluginCredential {
  let status: Raw;
  try {
    status = raw(raw(JSON.parse(said)).status);
  } catch {
    throw new Error('wrote no JSON');
  }
  const until = Date.parse(text(status.expirationTimestamp) ?? '');
  const found = {
    token: text(status.token),
    certificate: text(status.clientCertificateData),
    key: text(status.clientKeyData),
    until: Number.isNaN(until) ? null : until,
  };
  if (found.token === null && found.certificate === null) throw new Error('gave neither a token nor a certificate');
  return found;
}

/** The plugin of a kubeconfig's user, where it has one. */
export function pluginOf(user: { exec?: unknown; authProvider?: unknown } | null): Raw | null {
  const plugin = user?.exec ?? raw(raw(user?.authProvider).config).exec;
  return plugin === undefined || plugin === null ? null : raw(plugin);
}

/** Asks a plugin, and again when what it gave has ended. */
export function pluginCredentials(exec: Raw): () => Promise<PluginCredential> {
  let known: Promise<PluginCredential> | null = null;
  return async () => {
    const last = await known?.catch(() => null);
    if (last && (last.until === null || last.until > Date.now())) return last;
    known = runPlugin(exec);
    return known;
  };
}
