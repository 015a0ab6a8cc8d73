import { fits } from './pattern.ts';

/** What a rule is asked about. */
export interface Request {
  host: string;
  path: string;
}

/** `taken`: true, false, or null where it hangs on what we do not know (headers, methods, client addresses). */
export interface Verdict {
  taken: boolean | null;
  /** How the host was known. */
  covers: 'host' | 'pattern' | 'any';
}

type Token = '(' | ')' | '!' | '&&' | '||' | { matcher: string; args: string[] };

/** Traefik's rules (traefik: docs, routing/routers, rule): matchers with quoted arguments, `!`, `&&`, `||`, brackets. */
function* tokens(rule: string): Generator<Token> {
  const token = /\s*(?:(&&|\|\||!|[()])|([A-Za-z]+)\(((?:[^()`"']|`[^`]*`|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*)\))/y;
  while (token.lastIndex < rule.trimEnd().length) {
    const match = token.exec(rule);
    if (!match) throw new SyntaxError('no rule of Traefik');
    if (match[1]) yield match[1] as '(' | ')' | '!' | '&&' | '||';
    else
      yield {
        matcher: match[2] as string,
        args: [...(match[3] as string).matchAll(/`([^`]*)`|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/g)].map(
          (m) => m[1] ?? (m[2] ?? m[3] ?? '').replace(/\\(.)/g, '$1'),
        ),
      };
  }
}

const some = (answers: (boolean | null)[]): boolean | null =>
  answers.includes(true) ? true : answers.includes(null) ? null : false;

/** Version 2 writes `{name:pattern}` within literal text, version 3 a bare pattern of Go's syntax. */
function braces(pattern: string): string {
  if (!/\{[A-Za-z_]\w*(:|\})/.test(pattern)) return pattern;
  const parts = pattern.split(/(\{[^{}:]+(?::(?:[^{}]|\{\d+(?:,\d*)?\})+)?\})/);
  const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const body = parts.map((part, i) => {
    if (i % 2 === 0) return literal(part);
    const colon = part.indexOf(':');
    return colon === -1 ? '[^/]+' : `(?:${part.slice(colon + 1, -1)})`;
  });
  return `^${body.join('')}$`;
}

function ask(matcher: string, args: string[], { host, path }: Request): Verdict {
  const bare = path.split(/[?#]/)[0] ?? path;
  const any = (taken: boolean | null): Verdict => ({ taken, covers: 'any' });
  switch (matcher) {
    case 'Host':
    case 'HostHeader':
      return { taken: args.some((arg) => arg.toLowerCase().replace(/\.$/, '') === host), covers: 'host' };
    case 'HostRegexp':
      return { taken: some(args.map((arg) => fits(braces(arg), host, 'i'))), covers: 'pattern' };
    case 'HostSNI':
      return args.includes('*') ? any(true) : ask('Host', args, { host, path });
    case 'HostSNIRegexp':
      return ask('HostRegexp', args, { host, path });
    case 'PathPrefix':
      return any(
        some(
          args.map((arg) => (arg.includes('{') ? fits(braces(arg).replace(/\$$/, ''), bare) : bare.startsWith(arg))),
        ),
      );
    case 'Path':
      return any(some(args.map((arg) => (arg.includes('{') ? fits(braces(arg), bare) : arg === bare))));
    case 'PathRegexp':
      return any(some(args.map((arg) => fits(arg, bare))));
    default:
      return any(null);
  }
}

const CLOSER = { host: 2, pattern: 1, any: 0 } as const;
const closer = (a: Verdict['covers'], b: Verdict['covers']): Verdict['covers'] => (CLOSER[a] >= CLOSER[b] ? a : b);

const DEEPEST = 200;

/** Would a router with this rule take the request? A rule that cannot be read is one that cannot be told. */
export function asks(rule: string, request: Request): Verdict {
  let list: Token[];
  try {
    list = [...tokens(rule)];
  } catch {
    return { taken: null, covers: 'any' };
  }
  let at = 0;
  let depth = 0;
  const unary = (): Verdict => {
    const token = list[at++];
    if (++depth > DEEPEST) throw new SyntaxError('too deep');
    try {
      if (token === '!') {
        const inner = unary();
        // Not this host means any other: the host is not known by its name then.
        return { taken: inner.taken === null ? null : !inner.taken, covers: 'any' };
      }
      if (token === '(') {
        const inner = either();
        if (list[at++] !== ')') throw new SyntaxError('a bracket is never closed');
        return inner;
      }
      if (typeof token !== 'object') throw new SyntaxError('no matcher');
      return ask(token.matcher, token.args, request);
    } finally {
      depth--;
    }
  };
  const both = (): Verdict => {
    let left = unary();
    while (list[at] === '&&') {
      at++;
      const right = unary();
      const taken =
        left.taken === false || right.taken === false
          ? false
          : left.taken === null || right.taken === null
            ? null
            : true;
      left = { taken, covers: closer(left.covers, right.covers) };
    }
    return left;
  };
  const either = (): Verdict => {
    let left = both();
    while (list[at] === '||') {
      at++;
      const right = both();
      const taken = some([left.taken, right.taken]);
      const sides = [left, right].filter((side) => side.taken === taken);
      left = { taken, covers: sides.map((side) => side.covers).reduce(closer, 'any') };
    }
    return left;
  };
  try {
    const verdict = either();
    return at === list.length ? verdict : { taken: null, covers: 'any' };
  } catch {
    return { taken: null, covers: 'any' };
  }
}
