import { createVotes, type VotedCase } from '../../workers/votes.ts';
import { printJson, readArgs } from './options.ts';
import { withRedis } from './redis.ts';

/**
 * `./dev votes [--json]`: what people said of verdicts within a year, each with the case and the verdict that it is about, for whoever
 * wants to learn from it. Reports are not in it: what was understood of them is.
 */
export async function votes(args: string[]): Promise<number> {
  const { values } = readArgs(args, './dev votes [--json]', { json: { type: 'boolean' } }, { min: 0, max: 0 });
  await withRedis(async (redis) => {
    const store = createVotes(redis);
    const ids = await store.ids();
    if (values.json) {
      const cases: VotedCase[] = [];
      for (const id of ids) {
        const one = await store.voted(id);
        if (one !== null) cases.push(one);
      }
      printJson({ version: 1, cases });
      return;
    }
    for (const id of ids)
      for (const line of linesOf((await store.voted(id)) ?? null)) process.stdout.write(`${line}\n`);
    if (ids.length === 0) process.stdout.write('Nobody said yet who was right.\n');
  });
  return 0;
}

/** Pure: a case with its votes as text. */
function linesOf(one: VotedCase | null): string[] {
  if (one === null) return [];
  const last = Object.values(one.verdicts).at(-1);
  const what = `${last?.answer ?? '?'}${last?.cause ? `, ${last.cause}` : ''} (${last?.confidence ?? '?'})`;
  const said = one.votes.map((vote) => {
    const where = vote.cause ?? vote.hop;
    const reason = vote.reason === '' ? '' : `: ${vote.reason.replace(/\p{Cc}/gu, ' ')}`;
    const back = vote.undoneAt === null ? '' : `, taken back ${vote.undoneAt.slice(0, 16)}Z`;
    return `  ${vote.at.slice(0, 16)}Z  ${vote.name ?? vote.user}  ${vote.said}${where ? ` (${where})` : ''}${back}${reason}`;
  });
  return [`${one.case.id}  ${one.case.target.host}  ${what}`, ...said];
}
