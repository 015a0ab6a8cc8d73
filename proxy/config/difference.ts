/** What really differs between two configurations, in words that hold for every proxy (DESIGN 4.6). */
export interface ConfigChange {
  kind: 'added' | 'removed' | 'changed';
  /** `upstream`, `endpoint`, `server`, `location`, `directive`, `router`, `service`, ... */
  object: string;
  name: string;
  before?: string;
  after?: string;
}

/**
 * A configuration as a bag of named things. Two configurations mean the same when their bags are equal: what has no
 * order (endpoints, upstreams, servers) has none here, and what has one keeps it inside a value.
 */
export type ConfigBag = Map<string, { object: string; name: string; value: string }>;

export interface ConfigDifference {
  /** Nothing differs but comments and white space. */
  same: boolean;
  /** Something differs, but only an order that means nothing. */
  orderOnly: boolean;
  changes: ConfigChange[];
  /** Only endpoints came or went. */
  endpointsOnly: boolean;
}

/** A value may be a whole block; this much of it is shown. */
const SHOWN = 500;
const shorten = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)} …` : text);

/** Pure: compares two bags; `identical` tells whether the texts were the same but for comments and white space. */
export function differenceOf(before: ConfigBag, after: ConfigBag, identical: boolean): ConfigDifference {
  const changes: ConfigChange[] = [];
  for (const [key, { object, name, value }] of before) {
    const now = after.get(key);
    if (!now) changes.push({ kind: 'removed', object, name, ...(value && { before: shorten(value) }) });
    else if (now.value !== value)
      changes.push({ kind: 'changed', object, name, before: shorten(value), after: shorten(now.value) });
  }
  for (const [key, { object, name, value }] of after) {
    if (!before.has(key)) changes.push({ kind: 'added', object, name, ...(value && { after: shorten(value) }) });
  }
  return {
    same: identical,
    orderOnly: !identical && changes.length === 0,
    changes: withoutParts(changes),
    endpointsOnly: changes.length > 0 && changes.every((change) => change.object === 'endpoint'),
  };
}

/** When a whole block came or went, what is in it did too: one line says it. */
function withoutParts(changes: ConfigChange[]): ConfigChange[] {
  const blocks = changes.filter((c) => c.kind !== 'changed' && BLOCKS.has(c.object));
  if (blocks.length === 0) return changes;
  const gone = new Map<string, Set<string>>();
  for (const { kind, name } of blocks) gone.set(kind, (gone.get(kind) ?? new Set()).add(name));
  return changes.filter((c) => {
    const names = gone.get(c.kind);
    if (!names) return true;
    // A part's name begins with its block's; blocks in blocks keep only the outermost.
    for (let at = c.name.lastIndexOf(SEPARATOR); at > 0; at = c.name.lastIndexOf(SEPARATOR, at - 1))
      if (names.has(c.name.slice(0, at))) return false;
    return true;
  });
}
const BLOCKS = new Set(['upstream', 'server', 'location', 'section', 'block']);
export const SEPARATOR = ' > ';

/** Puts a thing into a bag; things of the same name are numbered, since each of them counts. */
export function put(bag: ConfigBag, object: string, name: string, value: string): void {
  let key = `${object}\0${name}`;
  for (let n = 2; bag.has(key); n++) key = `${object}\0${name}\0${n}`;
  bag.set(key, { object, name, value });
}
