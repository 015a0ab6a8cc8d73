import type { Act } from '../../workers/people-rules.ts';
import { bold, clip, plain } from '../blocks/mrkdwn.ts';
import type { May, Wish } from './may.ts';

const DOES: Record<Act, (about: string) => string> = {
  ask: (about) => `have me look at ${about}`,
  probe: (about) => `have me probe ${about}, which is in no route of mine`,
  rollouts: (about) => (about === 'this' ? 'announce a rollout' : `announce a rollout for ${about}`),
  decide: () => 'decide on this rollout',
  vote: () => 'say who was right here',
};

/** The private word to somebody who may not: what, and whom to ask. `channelOf`: the id of a `#name`, where it is known. */
export function refusalText(
  wish: Wish,
  no: Exclude<May, { ok: true }>,
  channelOf: (name: string) => string | null = () => null,
): string {
  const first = bold(`Only some people may ${DOES[wish.act](aboutText(wish.hosts))}, and you are not among them.`);
  const unknown = {
    'group-unknown': ' Slack does not tell me who is in the group that the rule names, so I cannot let you in.',
    'channel-unknown': ' The rule names a channel that I cannot see, so I cannot let you in.',
    denied: '',
    'not-allowed': '',
  }[no.why];
  return `${first}${unknown} *Next:* ${askText(no.contact, channelOf)} Nothing has been started.`;
}

function aboutText(hosts: Wish['hosts']): string {
  if (hosts === 'later') return 'this';
  if (hosts === 'all') return 'everything at once';
  const [one, ...more] = hosts;
  if (one === undefined) return 'this';
  return `${clip(plain(one), 100)}${more.length === 0 ? '' : ` and ${more.length} more`}`;
}

/** Whom to ask, linked where Slack can. Seen by one person alone, so nobody is notified by it. */
function askText(contact: string | null, channelOf: (name: string) => string | null): string {
  if (contact === null) return 'ask who runs me; the rules stand in my configuration under `people`.';
  if (/^[UW][A-Z0-9]{2,}$/.test(contact)) return `ask <@${contact}>.`;
  if (/^S[A-Z0-9]{2,}$/.test(contact)) return `ask <!subteam^${contact}>.`;
  const channel = contact.startsWith('#') ? channelOf(contact) : contact;
  if (channel !== null && /^[CG][A-Z0-9]{2,}$/.test(channel)) return `ask in <#${channel}>.`;
  return `ask ${clip(plain(contact), 120)}.`;
}
