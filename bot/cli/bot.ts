import { botMain } from '../main.ts';

/** `./dev bot`: the bot's production process. */
export async function bot(args: string[]): Promise<number> {
  if (args.length === 0) return botMain();
  process.stderr.write('usage: ./dev bot (everything else stands in the environment and in CONFIG)\n');
  return 64;
}
