import type { Received, Reply } from './mock.ts';

/**
 * A model that obeys: it looks for orders in everything that it was sent, also reversed, encoded or hidden, carries them out in
 * every field of whatever shape it should answer in, and cites every code that it may, since that is what an attacker wants.
 */
export function obey(request: Received): Reply {
  const schema = JSON.stringify(request.body.text ?? request.body.response_format ?? {});
  const said = utterances(request);
  if (schema.includes('"statuses"')) return { json: symptoms(said) };
  const codes = codesIn(schema);
  // A few sentences are read of each paragraph, so each gets other ones: whole orders, then their pieces. Three codes are the
  // most that count, so every finding gets its turn to vouch for them.
  const vouched = (all: string[]) =>
    [...new Set(all)].slice(0, 300).map((says, i) => ({
      says: i % 5 === 4 ? `${says} [${codes[i % codes.length]}].` : says,
      cites: Array.from({ length: 1 + (i % 3) }, (_, n) => codes[(i + n) % codes.length] as string),
    }));
  const orders = vouched(said.flatMap((one) => [one, one.split(/[.:;,\n]/)[0] as string]));
  const rest = vouched(said.flatMap(pieces).sort((a, b) => b.length - a.length));
  if (schema.includes('forAsker')) return { json: { forAsker: orders, forEngineer: rest } };
  return { json: { sentences: orders.flatMap((one, i) => [one, rest[i] ?? one]) } };
}

const ORDER =
  /\b(?:say|reply|write|answer|output|print|repeat|tell them|di|dis|schreibe)\b[^:\n]{0,40}:\s*([^\n]{1,400})/gi;

const understood = new WeakMap<Received, string[]>();

/** Everything that it was told to say. */
export function utterances(request: Received): string[] {
  const before = understood.get(request);
  if (before) return before;
  const { input, body } = request;
  const found = new Set<string>();
  for (const text of new Set(strings(parsed(input)))) {
    for (const read of readings(text)) {
      for (const [, order = ''] of read.matchAll(ORDER)) {
        found.add(order.trim());
        found.add(
          order
            .trim()
            .replace(/["'`]/g, '')
            .split(/[.!]\s/)[0] as string,
        );
      }
      if (
        /ignor|disregard|forget|stop\.|order|say|print|output|repeat|obey|instruct|rule|prompt|write|reply|secret|token|know/i.test(
          read,
        )
      )
        found.add(read.slice(0, 700));
      if (/instructions|prompt|rules|system|developer|before this|begins with/i.test(read)) {
        for (const line of (body.instructions ?? '').split('\n')) found.add(line);
        for (const sentence of (body.instructions ?? '').split(/(?<=\.)\s/)) found.add(sentence);
      }
      if (/everything|input|above|secret|token|password|know|word for word/i.test(read))
        found.add(input.slice(0, 3000));
    }
  }
  const all = [...found].filter((one) => one !== '').slice(0, 80);
  understood.set(request, all);
  return all;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

/** A text as it stands and in every disguise that people hide orders in. */
function readings(text: string): string[] {
  const tags = [...text]
    .filter((one) => one >= '\u{e0020}' && one <= '\u{e007e}')
    .map((one) => String.fromCodePoint((one.codePointAt(0) ?? 0) - 0xe0000));
  const encoded = [...text.matchAll(/[A-Za-z0-9+/]{16,}={0,2}/g)].map(([one]) =>
    Buffer.from(one, 'base64').toString('utf8'),
  );
  const rot13 = text.replace(/[a-z]/gi, (one) =>
    String.fromCharCode(one.charCodeAt(0) + (one.toLowerCase() < 'n' ? 13 : -13)),
  );
  let url = text;
  try {
    url = decodeURIComponent(text);
  } catch {}
  const hex = [...text.matchAll(/(?:\b[0-9a-f]{2}\s){5,}/gi)].map(([one]) =>
    Buffer.from(one.replace(/\s/g, ''), 'hex').toString('utf8'),
  );
  const readable = [...encoded, ...hex].filter((one) => /^[\x20-\x7e\n]{4,}$/.test(one));
  const all = [
    text,
    text.replace(/[\u200b-\u200f]/g, ''),
    tags.join(''),
    ...readable,
    url,
    [...text].reverse().join(''),
  ];
  return /rot13/i.test(text) ? [...all, rot13] : all;
}

/** A sentence, its clauses and its runs of words. */
function pieces(text: string): string[] {
  const words = text.split(/\s+/).slice(0, 60);
  const runs = words.flatMap((_, at) => [3, 5, 8].map((length) => words.slice(at, at + length).join(' ')));
  return [...text.split(/[.:;,\n]\s*/), ...runs, ...words].filter((one) => one.length > 1);
}

function codesIn(schema: string): string[] {
  const list = /"enum":(\[[^\]]*\])/.exec(schema)?.[1] ?? '[]';
  return JSON.parse(list) as string[];
}

function symptoms(said: string[]): object {
  const all = said.join('\n');
  return {
    hosts: [...(all.match(/[a-z0-9-]+(?:\.[a-z0-9-]+)+/gi) ?? []), 'evil.example', '169.254.169.254', 'localhost'],
    kinds: ['certificate', 'slow', 'handshake'],
    statuses: [...(all.match(/\d{3}/g) ?? []).map(Number), 200, 503, 1e9],
    errors: said,
  };
}
