import { withoutNewNames } from './renamed.ts';

/** What really differs between two configurations, in words that hold for every proxy (DESIGN 4.6). */
export interface ConfigChange {
  kind: 'added' | 'removed' | 'changed';
  /** `upstream`, `endpoint`, `server`, `location`, `directive`, `router`, `service`, `generated name`, ... */
  object: string;
  name: string;
  before?: string;
  after?: string;
}

/**
 * A configuration as a bag of named things. Two configurations mean the same when their bags are equal: what has no
 * order (endpoints, upstreams, servers) has none here, and what has one keeps it inside a value, a line for each rule.
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
  /** All that differs is names that a controller made up anew (ingress-nginx: zones named after an Ingress' UID). */
  namesOnly: boolean;
}

/** A value may be a whole block; this much of it is shown. */
const SHOWN = 500;
const shorten = (text: string): string => {
  const line = text.replaceAll('\n', ' ');
  return line.length > SHOWN ? `${line.slice(0, SHOWN)} …` : line;
};

/** Pure: compares two bags; `identical` tells whether the texts were the same but for comments and white space. */
export function differenceOf(before: ConfigBag, after: ConfigBag, identical: boolean): ConfigDifference {
  const found: ConfigChange[] = [];
  for (const [key, { object, name, value }] of before) {
    const now = after.get(key);
    if (!now) found.push({ kind: 'removed', object, name, ...(value && { before: value }) });
    else if (now.value !== value) found.push(...changed(object, name, value, now.value));
  }
  for (const [key, { object, name, value }] of after) {
    if (!before.has(key)) found.push({ kind: 'added', object, name, ...(value && { after: value }) });
  }
  const { changes, names } = withoutNewNames(withoutParts(found));
  return {
    same: identical,
    orderOnly: !identical && found.length === 0,
    changes: [...changes, ...names].map((change) => ({
      ...change,
      ...(change.before !== undefined && { before: shorten(change.before) }),
      ...(change.after !== undefined && { after: shorten(change.after) }),
    })),
    endpointsOnly: found.length > 0 && found.every((change) => change.object === 'endpoint'),
    namesOnly: names.length > 0 && changes.length === 0,
  };
}

/** Rules in their order that differ in single places are named one by one; otherwise the list as a whole. */
function changed(object: string, name: string, before: string, after: string): ConfigChange[] {
  const whole: ConfigChange[] = [{ kind: 'changed', object, name, before, after }];
  if (!before.includes('\n') || !after.includes('\n')) return whole;
  const [was, now] = [before.split('\n'), after.split('\n')];
  const subject = (line: string): string => line.split(' ', 2).join(' ');
  if (was.length !== now.length || was.some((line, i) => subject(line) !== subject(now[i] as string))) return whole;
  return was.flatMap((line, i) =>
    line === now[i]
      ? []
      : [
          {
            kind: 'changed' as const,
            object,
            name: `${name}${SEPARATOR}${subject(line)}`,
            before: line,
            after: now[i] as string,
          },
        ],
  );
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
const BLOCKS = new Set(['upstream', 'server', 'location', 'section', 'block', 'listener', 'cluster', 'virtual host']);
export const SEPARATOR = ' > ';

/** Puts a thing into a bag; things of the same name are numbered, since each of them counts. */
export function put(bag: ConfigBag, object: string, name: string, value: string): void {
  let key = `${object}\0${name}`;
  if (bag.has(key)) {
    const first = key;
    let n = counted.get(bag)?.get(first) ?? 2;
    while (bag.has(`${first}\0${n}`)) n++;
    key = `${first}\0${n}`;
    const counts = counted.get(bag) ?? new Map<string, number>();
    counted.set(bag, counts.set(first, n + 1));
  }
  bag.set(key, { object, name, value });
}
/** Next number for a name that is there already: a file may have a hundred thousand things of one name. */
const counted = new WeakMap<ConfigBag, Map<string, number>>();
