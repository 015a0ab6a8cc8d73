import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TriageError } from '../diagnostics/errors.ts';

/** A Redis of our own, with its data in a folder of its own, gone without a trace when this process is. */
export interface EmbeddedRedis {
  /** For REDIS_URL. */
  url: string;
  pid: number;
  stop: () => Promise<void>;
}

/**
 * The watchdog: a shell that owns redis-server and reads from a pipe whose other end this process holds. However this
 * process ends, even by kill -9, the pipe closes; then the server is ended and the folder removed.
 */
const WATCHDOG = `
dir=$1; shift
trap '' INT TERM HUP
redis-server "$@" </dev/null >"$dir/redis.log" 2>&1 &
server=$!
echo "$server"
read -r _ || true
kill -TERM "$server" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  kill -0 "$server" 2>/dev/null || break
  sleep 0.05
done
kill -KILL "$server" 2>/dev/null
rm -rf "$dir"
`;

/** Starts redis-server on a unix socket. Throws TriageError `unavailable` where there is none to start. */
export async function startEmbeddedRedis(options: { startMs?: number } = {}): Promise<EmbeddedRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'iti-redis-'));
  const socket = join(dir, 'redis.sock');
  const settings = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  // Detached: a Ctrl-C in the terminal reaches us alone, and we end things in order.
  const guard = spawn('sh', ['-c', WATCHDOG, 'iti-redis', dir, ...args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => guard.once('close', () => resolve()));
  guard.once('error', () => {});
  const pid = await new Promise<number>((resolve) => {
    guard.stdout.once('data', (line: Buffer) => resolve(Number(line.toString().trim())));
    ended.then(() => resolve(0));
  });
  guard.unref();
  const stop = async () => {
    guard.ref();
    guard.stdin.end();
    await ended;
    await rm(dir, { recursive: true, force: true });
  };
  const until = Date.now() + (options.startMs ?? 5000);
  while (!(await answers(socket))) {
    const alive = pid > 0 && isAlive(pid);
    if (alive && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      continue;
    }
    await stop();
    throw new TriageError(
      'unavailable',
      'redis-server did not start. Install it (Debian: apt-get install redis-server), or set REDIS_URL.',
    );
  }
  return { url: `unix:${socket}`, pid, stop };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect(socket, () => client.write('PING\r\n'));
    client.setTimeout(500, () => client.destroy());
    client.once('data', (reply: Buffer) => {
      client.destroy();
      resolve(reply.toString().startsWith('+PONG'));
    });
    client.once('error', () => resolve(false));
    client.once('close', () => resolve(false));
  });
}
