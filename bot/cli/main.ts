import { EXIT, reasonOf, TriageError } from '../../diagnostics/errors.ts';

type Command = (args: string[]) => Promise<number>;

/** Every command: what it is for, and its module, loaded only when it is called. */
const COMMANDS: { [name: string]: { says: string; load: () => Promise<Command> } } = {
  demo: {
    says: 'the whole system on this machine, with a page to talk to it',
    load: async () => (await import('./demo.ts')).demo,
  },
  test: { says: 'all tests', load: async () => (await import('./test.ts')).test },
  check: {
    says: 'one triage in this process: ./dev check TARGET',
    load: async () => (await import('./check.ts')).check,
  },
  replay: { says: 'reads a saved case again', load: async () => (await import('./replay.ts')).replay },
  path: { says: 'the hops to a host', load: async () => (await import('./path.ts')).path },
  checks: { says: 'every check with its findings', load: async () => (await import('./checks.ts')).checks },
  tls: { says: 'the TLS probe alone: ./dev tls HOST:PORT', load: async () => (await import('./tls.ts')).tls },
  'proxy-protocol': {
    says: 'the PROXY protocol check alone: ./dev proxy-protocol HOST:PORT',
    load: async () => (await import('./proxy-protocol.ts')).proxyProtocol,
  },
  balance: {
    says: 'how requests are spread over endpoints: ./dev balance ACCESS-LOG',
    load: async () => (await import('./balance.ts')).balance,
  },
  reloads: {
    says: 'what really differs between two proxy configurations',
    load: async () => (await import('./reloads.ts')).reloads,
  },
  rights: {
    says: 'the read-only ClusterRole that a cluster must grant, each rule with its reason',
    load: async () => (await import('./rights.ts')).rightsCommand,
  },
  eval: { says: 'runs every incident and scores the verdicts', load: async () => (await import('./eval.ts')).evaluate },
  bench: { says: 'benchmarks, each beside its peer', load: async () => (await import('./bench.ts')).bench },
  audit: {
    says: 'who asked, decided and was refused what; --verify checks that nothing was changed',
    load: async () => (await import('./audit.ts')).audit,
  },
  votes: { says: 'what people said of verdicts', load: async () => (await import('./votes.ts')).votes },
  bot: { says: 'the Slack bot (production process)', load: async () => (await import('./bot.ts')).bot },
  workers: {
    says: 'the diagnostic workers (production process)',
    load: async () => (await import('./workers.ts')).workers,
  },
};

function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { says }]) => `  ${name.padEnd(width)}  ${says}`);
  return `usage: ./dev COMMAND …\n\n${lines.join('\n')}\n\nStart with ./dev demo. Each command says how it is used when it is called wrongly.\n`;
}

/** Runs one command; turns what it throws into one message and the documented exit code. */
async function run(argv: string[]): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    (name === undefined ? process.stderr : process.stdout).write(usage());
    return name === undefined ? EXIT['wrong-usage'] : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    process.stderr.write(`dev: there is no command ${name}\n\n${usage()}`);
    return EXIT['wrong-usage'];
  }
  try {
    return await (await command.load())(args);
  } catch (error) {
    if (error instanceof TriageError) {
      process.stderr.write(`${name}: ${error.message}\n`);
      return EXIT[error.code];
    }
    process.stderr.write(`${name}: our own bug: ${reasonOf(error)} (DEBUG=1 shows where)\n`);
    if (process.env.DEBUG) process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    return EXIT['our-bug'];
  }
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});
process.exitCode = await run(process.argv.slice(2));
