/** The parts of a message that words may stand in; alerts put theirs into attachments and blocks. */
export interface Wordy {
  text?: string | undefined;
  attachments?: readonly object[] | undefined;
  blocks?: readonly object[] | undefined;
  files?: readonly object[] | undefined;
}

const MAX_CHARS = 12_000;
const ATTACHMENT_WORDS = ['pretext', 'title', 'title_link', 'text', 'fallback'] as const;

/** All words of a message, once each, bounded. */
export function wordsOf(message: Wordy): string {
  const parts = new Set<string>();
  const add = (value: unknown) => {
    if (typeof value === 'string' && value.trim() !== '') parts.add(value.trim());
  };
  add(message.text);
  for (const attachment of message.attachments ?? []) {
    const fields = attachment as Record<string, unknown>;
    for (const name of ATTACHMENT_WORDS) add(fields[name]);
    for (const field of Array.isArray(fields.fields) ? fields.fields : []) {
      const { title, value } = field as { title?: unknown; value?: unknown };
      add(`${title ?? ''}: ${value ?? ''}`);
    }
  }
  // A person's blocks repeat the text; a bot's may be all there is.
  if (parts.size === 0) for (const block of message.blocks ?? []) for (const text of textsIn(block, 0)) add(text);
  return [...parts].join('\n').slice(0, MAX_CHARS);
}

function textsIn(value: unknown, depth: number): string[] {
  if (depth > 6 || typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.slice(0, 100).flatMap((one) => textsIn(one, depth + 1));
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'text' && typeof inner === 'string' ? [inner] : textsIn(inner, depth + 1),
  );
}

/** A Slack timestamp as ISO; now, where it is none. */
export function isoOf(ts: string | undefined, now: number): string {
  const at = Number.parseFloat(ts ?? '') * 1000;
  return new Date(Number.isFinite(at) && at > 0 ? at : now).toISOString();
}
