import type { Inventory } from '../../proxy/inventory/inventory.ts';
import { MAX_TEXT } from './message.ts';
import { clip, plain } from './mrkdwn.ts';

/** How to ask, and what is known here. */
export function helpText(inventory: Inventory): string {
  const lines = [
    '*Is it the ingress?* Ask me, and I look along the whole path and answer here, with evidence.',
    '• `/ingress-check shop.example.test` or in your own words: `/ingress-check metabase is slow since=30m`',
    '• `since=` takes `30m`, `4h`, `2d` or a time such as `2026-11-21T09:30Z`',
    '• `/ingress-check changes [host] [since=4h]`: what changed, newest first',
    '• under an answer of mine: “still broken”, “works now”, “why?”, “who changed what?”, “what about wiki?”, “is it the rollout?”',
    '• on any message: _More actions_ → _Triage this message_; or mention me with a host',
    knownLine(inventory),
  ];
  return clip(lines.join('\n'), MAX_TEXT);
}

/** Which host? With the hosts that could be meant: `ambiguous`, where the question's own words fit several equally well. */
export function whichHostText(inventory: Inventory, ambiguous: readonly string[] = []): string {
  if (ambiguous.length > 1) {
    const names = ambiguous.map((host) => `\`${plain(host)}\``);
    const choice = `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
    return clip(`Which one: ${choice}? Name it here with a mention of me, and I look at once.`, MAX_TEXT);
  }
  return clip(
    `Which host? Name it (\`shop.example.test\`, or paste the link that fails) and I look at once. ${knownLine(inventory)}`,
    MAX_TEXT,
  );
}

function knownLine(inventory: Inventory): string {
  const hosts = [...new Set(inventory.routes.map((route) => route.host))];
  const aliases = Object.keys(inventory.aliases);
  if (hosts.length === 0) return 'I know no routes yet: set `INVENTORY` to a file that names your proxies.';
  const some = hosts.slice(0, 20).map((host) => `\`${plain(host)}\``);
  const more = hosts.length > 20 ? ` and ${hosts.length - 20} more` : '';
  const also = aliases.length === 0 ? '' : `; also by the names ${aliases.slice(0, 20).map(plain).join(', ')}`;
  return `I know ${some.join(', ')}${more}${also}.`;
}
