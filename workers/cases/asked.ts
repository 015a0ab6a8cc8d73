/** Who reported a case, and what. Counts only: nobody is named. */
export interface Asked {
  reports: number;
  people: number;
  /** Ids, the busiest first. */
  channels: string[];
  /** Host names with the number of their reports, most first. */
  hosts: [string, number][];
  /** Names of hops that all these hosts go through. */
  shared: string[];
  /** First and last report, ms. */
  from: number;
  to: number;
  /** Whether it stands for a storm of reports. */
  storm: boolean;
}

/** Pure: counts of who asked, out of the hash that OPEN writes (scripts.ts). Null: nobody was counted. */
export function readAsked(hash: Record<string, string>): Asked | null {
  if (hash.n === undefined) return null;
  const under = (prefix: string): [string, number][] =>
    Object.entries(hash)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, count]): [string, number] => [name.slice(prefix.length), Number(count)])
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const hosts = under('h:');
  return {
    reports: Number(hash.n),
    people: under('p:').length,
    channels: under('c:').map(([id]) => id),
    hosts,
    shared: under('v:')
      .filter(([, count]) => count === hosts.length)
      .map(([name]) => name),
    from: Number(hash.from ?? 0),
    to: Number(hash.to ?? 0),
    storm: hash.storm === '1',
  };
}
