import type { ConfigChange } from './difference.ts';

/** The UID of an object, as ingress-nginx puts it into names of zones, and into names of variables in base64 (ingress-nginx: internal/ingress/controller/template/template.go, rateLimiting). */
const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const ENCODED = /[A-Za-z0-9_-]{48,400}/g;

/** The same text with every UID replaced, and what was replaced: `shop_limited_<uid>`. */
function unnamed(text: string): { text: string; uids: string[] } {
  if (text.length > 100_000) return { text, uids: [] };
  const uids: string[] = [];
  const plain = (part: string): string =>
    part.replace(UID, (uid) => {
      uids.push(uid);
      return '<uid>';
    });
  const decoded = text.replace(ENCODED, (word) => {
    // `allowlist_c2hvcF…`: the name of a variable, then the encoded part.
    const [, prefix = '', code = word] = /^([a-z]+_)([A-Za-z0-9_-]{40,})$/.exec(word) ?? [];
    const inner = Buffer.from(code, 'base64url').toString('latin1');
    return /^[\x20-\x7e]+$/.test(inner) && inner.search(UID) !== -1 ? `${prefix}${plain(inner)}` : word;
  });
  return { text: plain(decoded), uids };
}

const same = (change: ConfigChange): string => {
  const value = change.kind === 'removed' ? change.before : change.after;
  return `${change.object}\0${unnamed(change.name).text}\0${unnamed(value ?? '').text}`;
};

/**
 * Pure: takes out changes that are only new UIDs in generated names (an Ingress that was deleted and created again),
 * and says each of them once: which name, in how many places.
 */
export function withoutNewNames(changes: ConfigChange[]): { changes: ConfigChange[]; names: ConfigChange[] } {
  const removed = Map.groupBy(
    changes.filter((c) => c.kind === 'removed' && hasUid(c)),
    same,
  );
  const renamed = new Map<string, { to: string; name: string; places: number }>();
  const note = (from: string, to: string): void => {
    const [was, now] = [unnamed(from), unnamed(to)];
    const name =
      /([\w.-]*)<uid>/
        .exec(was.text)?.[1]
        ?.replace(/^[a-z]+_(?=\w+_\w+_$)/, '')
        .replace(/_$/, '') ?? '';
    was.uids.forEach((uid, i) => {
      const seen = renamed.get(uid);
      const other = now.uids[i];
      if (other && other !== uid)
        renamed.set(uid, { to: other, name: seen?.name || name, places: (seen?.places ?? 0) + 1 });
    });
  };
  const gone = new Set<ConfigChange>();
  for (const change of changes) {
    if (change.kind === 'added' && hasUid(change)) {
      const pair = removed.get(same(change))?.shift();
      if (!pair) continue;
      gone.add(pair).add(change);
      note(`${pair.name} ${pair.before ?? ''}`, `${change.name} ${change.after ?? ''}`);
    } else if (change.kind === 'changed' && hasUid(change)) {
      const [was, now] = [change.before ?? '', change.after ?? ''];
      if (unnamed(was).text !== unnamed(now).text) continue;
      gone.add(change);
      note(was, now);
    }
  }
  return {
    changes: changes.filter((change) => !gone.has(change)),
    names: [...renamed].map(([from, { to, name }]) => ({
      kind: 'changed',
      object: 'generated name',
      name: name || 'object',
      before: from,
      after: to,
    })),
  };
}

const hasUid = ({ name, before, after }: ConfigChange): boolean =>
  [name, before, after].some((text) => text !== undefined && unnamed(text).uids.length > 0);
