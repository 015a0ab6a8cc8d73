import { parseArgs } from 'node:util';
import { EXIT, reasonOf, TriageError } from '../../diagnostics/errors.ts';
import type { Answer } from '../../diagnostics/types.ts';
import { runUntilStopped } from '../../workers/process.ts';
import { readDemoEnvironment } from '../config.ts';
import type { DemoSystem } from '../demo/system.ts';

const ANSWER_EXIT: Record<Answer, number> = { 'not-ingress': 0, ingress: 10, inconclusive: 20 };
/** As the answers of other commands: nothing speaks against it, something does, it cannot be told. */
const ROLLOUT_EXIT = { 'go-on': 0, stop: 10, 'not-enough-data': 20 } as const;
const USAGE =
  'usage: ./dev demo [--port N] | ./dev demo --script NAME [--json] | ./dev demo --rollout NAME [--json] | ./dev demo --list [--json]';

/** `./dev demo`: the whole system on this machine, with a page to talk to it, or one script of it. */
export async function demo(args: string[]): Promise<number> {
  try {
    const options = readOptions(args);
    // Loaded only when it is needed: --list works where nothing is installed yet.
    const { listScripts, runScript } = await import('../demo/script.ts');
    const scripts = listScripts();
    if (options.list) {
      const lines = scripts.map(({ name, title }) => `${name.padEnd(28)} ${title}`);
      process.stdout.write(options.json ? `${JSON.stringify(scripts)}\n` : `${lines.join('\n')}\n`);
      return 0;
    }
    const { script, rollout } = options;
    const { SCENARIOS } = await import('../../proxy/lab/rollout/scenarios.ts');
    const scenario = SCENARIOS.find(({ name }) => name === rollout)?.name;
    if (rollout !== null && scenario === undefined) {
      const names = SCENARIOS.map(({ name }) => name).join(', ');
      throw new TriageError('wrong-usage', `no rollout ${rollout}; there are ${names}`);
    }
    if (script !== null && !scripts.some(({ name }) => name === script)) {
      throw new TriageError(
        'wrong-usage',
        `no script ${script}; there are ${scripts.map(({ name }) => name).join(', ')}`,
      );
    }
    const { startDemo } = await import('../demo/system.ts');
    const environment = readDemoEnvironment();
    if (scenario !== undefined) {
      const { playRollout } = await import('../demo/rollout/play.ts');
      return await play(options.json, { lean: true }, async (system, say, signal) => {
        const played = await playRollout(system, scenario, say, signal);
        if (options.json) process.stdout.write(`${JSON.stringify(played)}\n`);
        else
          say(`rollout ${played.scenario}: ${played.ended}, ${played.right ? 'as it should' : 'NOT as it should'} end`);
        return ROLLOUT_EXIT[played.ended];
      });
    }
    if (script === null) {
      return await runUntilStopped(async (signal) => {
        const system = await startDemo({
          ...environment,
          ...(options.port !== null && { port: options.port }),
          signal,
        });
        process.stdout.write(`${system.slack.url}\n`);
        process.stderr.write(
          'Open it, break something on the right, and complain in #major-system-issues. Ctrl-C ends all.\n',
        );
        return system;
      });
    }
    return await play(options.json, {}, async (system, say) => {
      const verdict = await runScript(system, script, say);
      if (options.json) process.stdout.write(`${JSON.stringify(verdict)}\n`);
      else
        say(
          `verdict: ${verdict.answer}, ${verdict.hop ?? 'no hop'}, ${verdict.cause ?? 'no cause'}, confidence ${verdict.confidence}`,
        );
      return ANSWER_EXIT[verdict.answer];
    });

    /** Brings the system up, plays something in it, takes it down; a signal ends it at once. */
    async function play(
      json: boolean,
      more: { lean?: boolean },
      work: (system: DemoSystem, say: (line: string) => void, signal: AbortSignal) => Promise<number>,
    ): Promise<number> {
      const stop = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(signal));
      const system = await startDemo({ ...environment, ...more, signal: stop.signal });
      const say = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);
      const told = new Promise<never>((_, reject) =>
        stop.signal.addEventListener('abort', () => reject(stop.signal.reason)),
      );
      return Promise.race([work(system, say, stop.signal), told]).finally(system.stop);
    }
  } catch (error) {
    if (error instanceof TriageError) {
      process.stderr.write(`demo: ${error.message}\n`);
      return EXIT[error.code];
    }
    if (error === 'SIGINT') return 130;
    if (error === 'SIGTERM') return 143;
    process.stderr.write(`demo: our own bug: ${reasonOf(error)}\n`);
    return EXIT['our-bug'];
  }
}

function readOptions(args: string[]): {
  script: string | null;
  rollout: string | null;
  json: boolean;
  list: boolean;
  port: number | null;
} {
  try {
    const { values } = parseArgs({
      args,
      options: {
        script: { type: 'string' },
        rollout: { type: 'string' },
        json: { type: 'boolean' },
        list: { type: 'boolean' },
        port: { type: 'string' },
      },
    });
    const port = values.port === undefined ? null : Number(values.port);
    if (port !== null && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
      throw new Error(`--port ${values.port} is no port`);
    const plays = [values.script, values.rollout, values.port].filter((one) => one !== undefined).length;
    if (plays > 1) throw new Error('one of --script, --rollout and --port');
    return {
      script: values.script ?? null,
      rollout: values.rollout ?? null,
      json: values.json ?? false,
      list: values.list ?? false,
      port,
    };
  } catch (error) {
    throw new TriageError('wrong-usage', `${reasonOf(error)}\n${USAGE}`);
  }
}
