import { type ConfigBag, put, SEPARATOR } from './difference.ts';

/** Sections of haproxy.cfg (haproxy: doc/configuration.txt section 2.1); every other line belongs to the one before. */
const SECTIONS =
  /^(global|defaults|frontend|backend|listen|peers|resolvers|userlist|mailers|cache|http-errors|ring|program|fcgi-app|log-forward|crt-list)\b/;
/** Rules that are taken in their order. */
const ORDERED =
  /^(http-request|http-response|http-after-response|tcp-request|tcp-response|use_backend|use-server|redirect|filter|acl|block)\b/;

const words = (line: string): string[] =>
  line.match(/"(?:[^"\\]|\\.)*"|'[^']*'|(?:\\.|[^\s#\\])+|#.*/g)?.filter((word) => !word.startsWith('#')) ?? [];

/** haproxy.cfg as lines of words: comments and white space are gone. */
export function haproxyLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => words(line.trim()).join(' '))
    .filter((line) => line !== '');
}

/** Turns haproxy.cfg into a bag: servers and sections without order, rules in theirs. */
export function haproxyBag(lines: string[]): ConfigBag {
  const bag: ConfigBag = new Map();
  // Where a section stands matters only among several `defaults`: it takes from the last one before it.
  const several = lines.filter((line) => /^defaults\b/.test(line)).length > 1;
  let defaults = 0;
  let section = '';
  let rules: string[] = [];
  const flush = (): void => {
    if (rules.length) put(bag, 'directive', `${section}${SEPARATOR}rules in their order`, rules.join('\n'));
    rules = [];
  };
  for (const line of lines) {
    if (SECTIONS.test(line)) {
      flush();
      section = line;
      if (line.startsWith('defaults')) defaults++;
      const inherits = /^(frontend|backend|listen)\b/.test(line) && !/ from \S+$/.test(line);
      put(bag, 'section', section, several && inherits ? `after defaults ${defaults}` : '');
    } else if (ORDERED.test(line)) rules.push(line);
    else {
      const [keyword = '', name = '', ...rest] = line.split(' ');
      if (keyword === 'server' || keyword === 'server-template')
        put(bag, 'endpoint', `${section}${SEPARATOR}${rest[0] ?? name}`, rest.slice(1).sort().join(' '));
      else if (['bind', 'timeout', 'option', 'stats', 'errorfile', 'log', 'no'].includes(keyword))
        put(bag, 'directive', `${section}${SEPARATOR}${keyword} ${name}`, rest.join(' '));
      else put(bag, 'directive', `${section}${SEPARATOR}${keyword}`, [name, ...rest].join(' '));
    }
  }
  flush();
  return bag;
}
