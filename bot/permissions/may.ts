import type { Act, PeopleRule, PeopleRules } from '../../workers/people-rules.ts';

/** What is asked for. */
export interface Wish {
  /** Slack's id of the person; null: nobody in person (an alert, a trusted bot). */
  user: string | null;
  act: Act;
  /** Where; null: in a form, whose opening was asked for where it was. */
  channel: string | null;
  /** About which hosts; `all`: everything at once; `later`: not said yet, and asked again when it is. */
  hosts: readonly string[] | 'all' | 'later';
}

/** What Slack told of the names in the rules. */
export interface Directory {
  /** The members of a group; null: nobody could tell. */
  membersOf: (group: string) => ReadonlySet<string> | null;
  /** The id of a `#name`; null: no such channel that we can see. */
  channelOf: (name: string) => string | null;
}

/** `why`: for the log and the audit, one of few; `contact`: whom to ask, as CONFIG says it; null: it says nobody. */
export type May =
  | { ok: true }
  | { ok: false; why: 'denied' | 'not-allowed' | 'group-unknown' | 'channel-unknown'; contact: string | null };

/** Yes, no, or nobody can tell: a group or channel that Slack did not resolve. */
type Match = 'yes' | 'no' | 'unknown';

/**
 * Pure: whether this person may do this, here, about these hosts. A matching `deny` wins over everything; else, where any rule
 * allows this act, one of them must match; an act that no rule allows is everybody's. What nobody can tell never grants, and
 * denies: a rule that cannot be read must not open a door.
 */
export function may(wish: Wish, rules: PeopleRules, directory: Directory): May {
  if (wish.user === null) return { ok: true };
  const user = wish.user;
  const all = rules[wish.act];
  const refused = (why: Exclude<May, { ok: true }>['why'], rule: PeopleRule | undefined): May => ({
    ok: false,
    why,
    contact: rule?.contact ?? rules.contact,
  });
  for (const rule of all) {
    if (rule.deny === undefined) continue;
    const parts = [who(rule.deny, user, directory), where(rule, wish, directory), about(rule, wish, 'deny')];
    if (parts.includes('no')) continue;
    if (!parts.includes('unknown')) return refused('denied', rule);
    return refused(parts[0] === 'unknown' ? 'group-unknown' : 'channel-unknown', rule);
  }
  const allowing = all.filter((rule) => rule.allow !== undefined);
  if (allowing.length === 0) return { ok: true };
  const found = allowing.map((rule) => ({
    rule,
    parts: [who(rule.allow ?? [], user, directory), where(rule, wish, directory), about(rule, wish, 'allow')],
  }));
  if (found.some(({ parts }) => parts.every((one) => one === 'yes'))) return { ok: true };
  // The rule that would have fitted this host and place knows best whom to ask.
  const nearest = found.find(({ parts }) => parts[1] !== 'no' && parts[2] === 'yes') ?? found[0];
  const unknown = found.find(({ parts }) => parts.includes('unknown') && !parts.includes('no'));
  if (unknown) return refused(unknown.parts[0] === 'unknown' ? 'group-unknown' : 'channel-unknown', unknown.rule);
  return refused('not-allowed', nearest?.rule);
}

function who(names: readonly string[], user: string, directory: Directory): Match {
  if (names.includes('everybody') || names.includes(user)) return 'yes';
  const groups = names.filter((name) => name.startsWith('S')).map((name) => directory.membersOf(name));
  if (groups.some((members) => members?.has(user))) return 'yes';
  return groups.includes(null) ? 'unknown' : 'no';
}

function where(rule: PeopleRule, { channel }: Wish, directory: Directory): Match {
  if (rule.in === undefined) return 'yes';
  // A form was opened where somebody could be asked; a rule that denies was asked there too.
  if (channel === null) return rule.allow === undefined ? 'no' : 'yes';
  const ids = rule.in.map((name) => (name.startsWith('#') ? directory.channelOf(name) : name));
  if (ids.includes(channel)) return 'yes';
  return ids.includes(null) ? 'unknown' : 'no';
}

function about(rule: PeopleRule, { hosts }: Wish, as: 'allow' | 'deny'): Match {
  const globs = rule.hosts;
  if (globs === undefined) return 'yes';
  if (hosts === 'later') return as === 'allow' ? 'yes' : 'no';
  if (hosts === 'all') return as === 'allow' ? 'no' : 'yes';
  const covered = (host: string) => globs.some((glob) => matches(glob, host));
  // All of them must be allowed; one that is denied denies the whole.
  const found = as === 'allow' ? hosts.length > 0 && hosts.every(covered) : hosts.some(covered);
  return found ? 'yes' : 'no';
}

/** Pure: whether a host fits a glob; `*` stands for anything, dots too. Case and a final dot do not matter. */
export function matches(glob: string, host: string): boolean {
  const text = host.toLowerCase().replace(/\.$/, '');
  const [first = '', ...rest] = glob.split('*');
  if (rest.length === 0) return text === first;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  // Greedy from the left is right where only order counts, and takes linear time.
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > text.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}
