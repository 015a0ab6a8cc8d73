import { type Inventory, knownHosts } from '../../proxy/inventory/inventory.ts';
import { EVERYDAY } from './names.ts';

/** "The portal is down" where there are two: what several hosts are called in part, and which of them a text means. */

/** More hosts than this are no choice that anybody would read. */
const MOST = 5;
/** What the machinery between people and hosts is called: nobody means a host by it. */
const MACHINERY = new Set(
  'ingress proxy gateway balancer edge router traefik nginx haproxy envoy error status'.split(' '),
);

const bare = (text: string): string => text.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
const wordsOf = (name: string): string[] => bare(name).match(/[\p{L}\p{N}]{2,24}/gu) ?? [];

const compiled = new WeakMap<Inventory, ReadonlyMap<string, ReadonlySet<string>>>();

/** Words of hosts and of their aliases, each with the hosts that it may mean; what all hosts share means none. */
function hostsByWord(inventory: Inventory): ReadonlyMap<string, ReadonlySet<string>> {
  const before = compiled.get(inventory);
  if (before) return before;
  const hosts = knownHosts(inventory).filter((host) => !host.includes('*'));
  const all = new Map<string, Set<string>>();
  const offer = (name: string, host: string): void => {
    for (const word of wordsOf(name)) all.set(word, (all.get(word) ?? new Set()).add(host));
  };
  for (const host of hosts) offer(host, host);
  for (const [alias, host] of Object.entries(inventory.aliases)) offer(alias, host);
  // A domain's ending ("test") stands in every host under it: it tells nothing apart.
  const endings = new Set(hosts.flatMap((host) => host.split('.').slice(-2)));
  const words = new Map([...all].filter(([word, of]) => of.size < Math.max(hosts.length, 3) && !endings.has(word)));
  compiled.set(inventory, words);
  return words;
}

/**
 * Pure: the hosts that share a word of the text, fewer where another word tells them apart ("portal … partners"), and where
 * the word stands. One host: it is meant. Null: no word of the text is part of two to five hosts' names.
 */
export function sharedNameIn(text: string, inventory: Inventory): { hosts: string[]; at: number; end: number } | null {
  const byWord = hostsByWord(inventory);
  const said = [
    ...text.slice(0, 4000).matchAll(/(?<![\p{L}\p{N}_.@#/-])[\p{L}\p{N}]{2,24}(?![\p{L}\p{N}_@/]|\.\p{L})/gu),
  ];
  const whole = said.map((match) => ({ match, hosts: byWord.get(bare(match[0])) }));
  const head = whole.find(({ match, hosts }) => {
    const word = bare(match[0]);
    return (
      word.length >= 3 && !EVERYDAY.has(word) && !MACHINERY.has(word) && hosts && hosts.size > 1 && hosts.size <= MOST
    );
  });
  if (!head?.hosts) return null;
  let meant = [...head.hosts];
  for (const { hosts } of whole) {
    const fewer = meant.filter((host) => hosts?.has(host));
    if (fewer.length > 0) meant = fewer;
  }
  return { hosts: meant.sort(), at: head.match.index, end: head.match.index + head.match[0].length };
}
