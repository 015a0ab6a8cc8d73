import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import { reasonOf } from '../../diagnostics/errors.ts';
import { namesIn, type PeopleRules } from '../../workers/people-rules.ts';
import { resolveChannels } from '../channels.ts';
import type { Directory } from './may.ts';

/** Who joined or left a group counts after this time at the latest. */
const AGAIN_MS = 300_000;
const AFTER_FAILURE_MS = 15_000;
/** Slack's word that will be the same in a moment. */
const FINAL = ['missing_scope', 'no_such_subteam', 'subteam_not_found', 'invalid_arguments', 'permission_denied'];

/**
 * Asks Slack for the members of the groups and the ids of the channels that the rules name, and goes on asking. Never rejects: a
 * group that Slack does not tell grants nothing, and that is said in the log. What was told last stays while Slack is away.
 */
export async function directoryOf(
  rules: PeopleRules,
  client: WebClient,
  log: Logger,
): Promise<Directory & { close: () => void }> {
  const names = namesIn(rules);
  const members = new Map<string, ReadonlySet<string>>();
  const said = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function read(group: string): Promise<boolean> {
    try {
      const answer = await client.usergroups.users.list({ usergroup: group });
      // Nonsense is no empty group: rules that deny by it would let everybody in.
      if (!Array.isArray(answer.users)) throw new Error('Slack told no members');
      members.set(group, new Set(answer.users));
      if (said.delete(group)) log.info({ group, members: answer.users.length }, 'a group of `people` is known now');
      return true;
    } catch (error) {
      const word = (error as { data?: { error?: string } }).data?.error ?? reasonOf(error);
      const final = FINAL.includes(word);
      // What is gone or forbidden has no members that we could still trust.
      if (final) members.delete(group);
      if (said.get(group) !== word) log.warn({ group, reason: word }, adviceOf(word, members.has(group)));
      said.set(group, word);
      return final;
    }
  }

  const readAll = async (): Promise<void> => {
    let settled = true;
    // One after the other: a tier of twenty calls a minute is soon used up.
    for (const group of names.groups) if (!closed) settled = (await read(group)) && settled;
    if (closed || names.groups.length === 0) return;
    timer = setTimeout(readAll, settled ? AGAIN_MS : AFTER_FAILURE_MS).unref();
  };
  await readAll();
  const channels = await resolveChannels(names.channels, client, log);
  return {
    membersOf: (group) => members.get(group) ?? null,
    channelOf: channels.idOf,
    close() {
      closed = true;
      clearTimeout(timer);
      channels.close();
    },
  };
}

function adviceOf(word: string, known: boolean): string {
  if (known) return 'a group of `people` could not be read again; its last members stay';
  const then = 'rules by this group allow nobody, and those that deny by it deny everybody';
  if (word === 'missing_scope') return `the optional scope usergroups:read is missing: ${then}`;
  return `the members of a group of \`people\` are not known: ${then}`;
}
