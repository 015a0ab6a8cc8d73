import type { Planned, Scope } from './define-check.ts';
import type { Instance, Look, PathHop } from './types.ts';
import { type Window, windowOf } from './window.ts';

/** Looks from inside at every instance of these hops that has something to read: null is an instance without. */
export function instanceLooks(
  check: string,
  hops: PathHop[],
  read: (instance: Instance, hop: PathHop) => string | null,
  known: Look['with'] = {},
): Planned[] {
  return hops.flatMap((hop) =>
    hop.instances.flatMap((instance) => {
      const address = read(instance, hop);
      if (address === null) return [];
      const at = { hop: hop.name, part: instance.name };
      return [{ look: { check, vantage: 'inside', hop: hop.hop, at, address, with: { ...known } } }];
    }),
  );
}

/** The proxies on the path. */
export const proxiesOf = ({ path }: Scope): PathHop[] => path.hops.filter((hop) => hop.hop === 'proxy');

/** What a look carries that is about requests: whose, and of which time. */
export interface Question {
  host: string;
  window: Window;
}

/** The question of a case, as plain data of a look; `questionOf` reads it back. */
export const questionOn = ({ case: triage }: Scope): Look['with'] => ({
  host: triage.target.host,
  window: { ...windowOf(triage) },
});
export const questionOf = (look: Look): Question => look.with as unknown as Question;
