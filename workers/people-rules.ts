import { z } from 'zod';

/** What somebody may be allowed or denied. */
const ACTS = {
  ask: 'have a host looked at, in whatever way, and ask what changed',
  probe: 'have a host looked at that stands in no route of the inventory and is only covered by its `allow`',
  rollouts: 'announce a rollout',
  decide: 'decide on a rollout: begin, go on, hold, stop, finish',
  vote: 'say who was right',
} as const;
export type Act = keyof typeof ACTS;

/** Characters of a glob, and its stars: few enough for any matcher. */
const HOST_GLOB = /^(?=.{1,253}$)[a-z0-9._*:[\]-]+$/i;
const MOST_STARS = 5;
const MOST_RULES = 200;

/** Names what stands there and what should. */
function wants(what: string): { error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => `${JSON.stringify(input ?? null).slice(0, 100)} is not ${what}` };
}

const who = z
  .string()
  .regex(/^(everybody|[UW][A-Z0-9]{2,30}|S[A-Z0-9]{2,30})$/, wants('a user id (U…), a group id (S…) or everybody'));
const place = z.string().regex(/^(#\S{1,80}|[CGD][A-Z0-9]{2,30})$/, wants('a channel id or #name'));
const host = z
  .string()
  .regex(HOST_GLOB, wants('a host or a glob such as *.example.test'))
  .refine((text) => text.split('*').length <= MOST_STARS + 1, `at most ${MOST_STARS} stars`)
  .transform((text) => text.toLowerCase());
/** Whom a refusal names: shown as a person, a group or a channel where it is one, else as it stands. */
const contact = z.string().min(1).max(120);

const rule = z
  .strictObject(
    {
      allow: z.array(who).min(1).max(500).optional(),
      deny: z.array(who).min(1).max(500).optional(),
      in: z.array(place).min(1).max(200).optional(),
      hosts: z.array(host).min(1).max(500).optional(),
      contact: contact.optional(),
    },
    'takes allow or deny, in, hosts and contact',
  )
  .refine((one) => (one.allow === undefined) !== (one.deny === undefined), 'says either allow or deny');
/** One rule: it allows or denies these people, in these channels, for these hosts; what is left out restricts nothing. */
export type PeopleRule = z.infer<typeof rule>;

const acts = Object.fromEntries(
  Object.keys(ACTS).map((act) => [act, z.array(rule).max(MOST_RULES).default([])]),
) as Record<Act, z.ZodDefault<z.ZodArray<typeof rule>>>;

/**
 * CONFIG `people`: rules by act. A rule that denies wins over every rule that allows; an act that some rule allows is allowed to
 * nobody else; an act without such a rule is everybody's. Unknown acts and ids are errors: a rule that does nothing is no rule.
 */
export const peopleSchema = z.strictObject(
  { contact: contact.nullable().default(null), ...acts },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `no such act: ${(issue.keys as string[]).join(', ').slice(0, 100)}; there are ${Object.keys(ACTS).join(', ')}, and contact`
        : undefined,
  },
);
export type PeopleRules = z.infer<typeof peopleSchema>;

/** Pure: every group (S…) and every channel name (#…) that the rules speak of, once each. */
export function namesIn(rules: PeopleRules): { groups: string[]; channels: string[] } {
  const all = (Object.keys(ACTS) as Act[]).flatMap((act) => rules[act]);
  const people = all.flatMap((one) => [...(one.allow ?? []), ...(one.deny ?? [])]);
  const contacts = [rules.contact, ...all.map((one) => one.contact)].filter((one) => one?.startsWith('#'));
  return {
    groups: [...new Set(people.filter((one) => one.startsWith('S')))],
    channels: [...new Set([...all.flatMap((one) => one.in ?? []), ...(contacts as string[])])].filter((one) =>
      one.startsWith('#'),
    ),
  };
}
