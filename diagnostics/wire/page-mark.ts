import type { Attempt } from '../io/io.ts';

/**
 * What a page is, in a few words that stay the same from request to request: its title, or the keys of its JSON, or its
 * type. Two answers with different marks come from different places; the same mark proves nothing. Null: no page.
 */
export function pageMark(answer: Pick<Attempt, 'status' | 'headers' | 'body'>): string | null {
  const { status, headers, body } = answer;
  if (status === null || status !== 200) return null;
  const title = /<title[^>]*>([^<]{1,80})/i.exec(body)?.[1]?.trim();
  if (title) return `page "${title}"`;
  const heading = /<h1[^>]*>([^<]{1,80})/i.exec(body)?.[1]?.trim();
  if (heading) return `page "${heading}"`;
  const type = (headers['content-type'] ?? '').split(';')[0] ?? '';
  if (!type.includes('json')) return type || null;
  const keys = [...body.matchAll(/"(\w{1,40})"\s*:/g)].map((m) => m[1]).slice(0, 5);
  return `JSON with ${keys.join(', ') || 'no keys'}`;
}
