import { Redis } from 'ioredis';

/**
 * Deaths of a process that lives inside a test: from one command to Redis on, nothing that it does has any effect, as after
 * SIGKILL. Every word to Slack has a command before it, so that every step of a case is one of these commands.
 */
export interface Death {
  /** Commands that the process sent since it was armed, but for those that only wait. */
  steps: () => number;
  /** What it was about to do, or had done. */
  at: () => string | null;
  /** Resolves when it died. */
  died: Promise<void>;
}

interface Plan {
  name: RegExp;
  step: number;
  mode: 'before' | 'after';
  count: number;
  what: string | null;
  dead: WeakSet<Redis>;
  over: boolean;
  die: () => void;
}

const plans = new Map<string, Plan>();
const seen = new Map<string, Set<Redis>>();
/** Waiting for work is no step. */
const WAITING = /^(bzpopmin|brpoplpush|blmove|info|ping|client|subscribe|psubscribe|quit|auth|select)$/i;

type Sent = { name: string; args?: unknown[] };
const { sendCommand } = Redis.prototype;
Redis.prototype.sendCommand = function (this: Redis, command, stream) {
  const socket = this.options.path ?? '';
  const plan = plans.get(socket);
  const sent = command as unknown as Sent;
  const never = new Promise<never>(() => {});
  if (!plan?.name.test(this.options.connectionName ?? '')) return sendCommand.call(this, command, stream);
  if (plan.dead.has(this)) return never;
  const all = seen.get(socket) ?? new Set();
  seen.set(socket, all.add(this));
  if (plan.over || WAITING.test(sent.name) || ++plan.count !== plan.step)
    return sendCommand.call(this, command, stream);
  plan.what = `${plan.mode} ${sent.name} ${String(sent.args?.[0] ?? '')
    .replace(/\s+/g, ' ')
    .slice(0, 60)}`;
  plan.over = true;
  for (const one of all) plan.dead.add(one);
  if (plan.mode === 'after') Promise.resolve(sendCommand.call(this, command, stream)).catch(() => {});
  setTimeout(() => {
    for (const one of all) one.disconnect();
    plan.die();
  }, 5);
  return never;
} as typeof sendCommand;

/** Arms the death of the process whose connections have such a name, at the nth command from now (0: never), before or after it takes effect. */
export function armDeath(redisUrl: string, name: RegExp, step: number, mode: 'before' | 'after'): Death {
  const socket = redisUrl.replace(/^unix:/, '');
  let die: () => void = () => {};
  const died = new Promise<void>((resolve) => {
    die = resolve;
  });
  const plan: Plan = { name, step, mode, count: 0, what: null, dead: new WeakSet(), over: false, die };
  plans.set(socket, plan);
  return { steps: () => plan.count, at: () => plan.what, died };
}
