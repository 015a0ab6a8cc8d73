import { join } from 'node:path';
import { LabError } from './lab-error.ts';
import type { Experience, Message, Order, Reply } from './outside/protocol.ts';
import type { ProcessGuard } from './process-guard.ts';

/** The parent's hand on a world's outside process: its applications and its people. */
export interface Outside {
  pid: number;
  tell(order: Exclude<Order, { do: 'experience' }>): Promise<void>;
  experience(): Promise<Experience[]>;
}

/** Starts the outside process; `LabError` with cause code EADDRINUSE when an endpoint's port was taken meanwhile. */
export function startOutside(guard: ProcessGuard, dir: string): Outside {
  const child = guard.start('outside', process.execPath, [join(import.meta.dirname, 'outside', 'main.ts')], {
    cwd: dir,
    log: join(dir, '.lab', 'outside.log'),
    ipc: true,
    env: {
      ...process.env,
      NODE_OPTIONS: '--disable-warning=ExperimentalWarning --max-semi-space-size=2 --max-old-space-size=96',
    },
  });
  const open = new Map<number, { resolve: (result: Experience[] | null) => void; reject: (error: Error) => void }>();
  let last = 0;
  child.channel?.unref();

  child.on('message', (reply: Reply) => {
    const waiting = open.get(reply.id);
    open.delete(reply.id);
    if (open.size === 0) child.channel?.unref();
    if ('error' in reply) waiting?.reject(new LabError(`outside: ${reply.error}`, { cause: { code: reply.code } }));
    else waiting?.resolve(reply.result);
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of open.values()) reject(new LabError(`outside: ended (${signal ?? code})`));
    open.clear();
  });

  function ask(order: Order): Promise<Experience[] | null> {
    return new Promise((resolve, reject) => {
      if (!child.connected) return reject(new LabError('outside: not running'));
      const message: Message = { id: ++last, order };
      open.set(message.id, { resolve, reject });
      // The parent stays alive for an answer, and only for that.
      child.channel?.ref();
      child.send(message, (error) => error && reject(new LabError('outside: not running', { cause: error })));
    });
  }

  if (child.pid === undefined) throw new LabError('outside: did not start');
  return {
    pid: child.pid,
    tell: async (order) => void (await ask(order)),
    experience: async () => (await ask({ do: 'experience' })) ?? [],
  };
}
