import { appendFileSync, writeFileSync } from 'node:fs';

const HOUR = 3_600_000;

/** Writes the change feed of a world whose last days were quiet: nothing in it explains a fault of today. */
export function writeChangeFeed(file: string, traefik: boolean): void {
  const past = [
    { ago: 70 * HOUR, kind: 'rollout', object: 'edge', summary: 'nginx 1.22.0 to 1.22.1', by: 'platform' },
    { ago: 49 * HOUR, kind: 'deploy', object: 'shop', summary: 'shop 4.17.2', by: 'ci' },
    ...(traefik
      ? [{ ago: 30 * HOUR, kind: 'rollout', object: 'traefik', summary: 'traefik 3.7.8 to 3.7.9', by: 'platform' }]
      : []),
    { ago: 26 * HOUR, kind: 'deploy', object: 'metabase', summary: 'metabase 1.52.1', by: 'ci' },
  ];
  const lines = past.map(({ ago, ...change }) =>
    JSON.stringify({ at: new Date(Date.now() - ago).toISOString(), ...change }),
  );
  writeFileSync(file, `${lines.join('\n')}\n`);
}

/** Adds one line, as of now. */
export function addChange(file: string, change: { kind: string; object: string; summary: string; by?: string }): void {
  appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...change })}\n`);
}
