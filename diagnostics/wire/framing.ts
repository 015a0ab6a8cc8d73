/**
 * How headers frame a message's body, and what no server may send there. A receiver that takes one of two meanings may cut the
 * stream elsewhere than the next one does (RFC 9112, section 11.2), so proxies refuse where clients are lax: HAProxy from 2.6 on
 * answers 502 (measured), nginx `upstream sent duplicate header line`, Go `too many transfer encodings`.
 */

const BOTH = 'both Transfer-Encoding and Content-Length';
const TWICE = 'Content-Length twice';

const valuesOf = (raw: readonly string[], name: string): string[] =>
  raw.flatMap((text, i) => (i % 2 === 0 && text.toLowerCase() === name ? [raw[i + 1] ?? ''] : []));

/**
 * What is wrong with the framing that headers declare, in words that follow "with"; null: nothing.
 * @param raw names and values by turns, as they came over the wire (node: IncomingMessage.rawHeaders)
 */
export function framingFault(raw: readonly string[]): string | null {
  const codings = valuesOf(raw, 'transfer-encoding').flatMap((value) => value.toLowerCase().split(','));
  const chunked = codings.filter((coding) => coding.trim() === 'chunked').length;
  // Section 6.1: `chunked` may not be applied more than once.
  if (chunked > 1) return 'Transfer-Encoding: chunked twice';
  const lengths = valuesOf(raw, 'content-length');
  // Section 6.2: no Content-Length beside a Transfer-Encoding.
  if (codings.length > 0 && lengths.length > 0) return BOTH;
  // RFC 9110, section 8.6: one length, though a receiver may take the same one said twice.
  return lengths.length > 1 ? TWICE : null;
}

/** The same of what our own parser refuses (llhttp names the headers that it met; measured on Node 24); null: it is none of these. */
export function framingFaultOf({ code, message }: { code?: string; message: string }): string | null {
  if (!code?.startsWith('HPE_') || !message.includes('Content-Length')) return null;
  if (message.includes('present with')) return BOTH;
  return message.includes('Duplicate') ? TWICE : null;
}
