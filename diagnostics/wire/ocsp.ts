import { readUint } from './bytes.ts';

/** What an OCSP response says of one certificate (RFC 6960 section 4.2.1). Its signature is not checked here. */
export interface StapleSeen {
  /** `malformed` where it is no response that can be read. */
  status: 'good' | 'revoked' | 'unknown' | 'refused' | 'malformed';
  thisUpdate: string | null;
  nextUpdate: string | null;
}

interface Node {
  tag: number;
  from: number;
  to: number;
}

/** One DER element at an offset; null where the bytes do not hold one. */
function element(b: Uint8Array, at: number, end: number): Node | null {
  const tag = b[at];
  const first = b[at + 1];
  if (tag === undefined || first === undefined || at + 2 > end) return null;
  let from = at + 2;
  let length = first;
  if (first & 0x80) {
    const size = first & 0x7f;
    if (size < 1 || size > 3) return null;
    const long = readUint(b, from, size as 1 | 2 | 3);
    if (long === null) return null;
    length = long;
    from += size;
  }
  return from + length <= end ? { tag, from, to: from + length } : null;
}

function children(b: Uint8Array, node: Node): Node[] {
  const list: Node[] = [];
  for (let at = node.from; at < node.to && list.length < 64; ) {
    const child = element(b, at, node.to);
    if (!child) break;
    list.push(child);
    at = child.to;
  }
  return list;
}

/** GeneralizedTime `20261121093000Z` as ISO. */
function time(b: Uint8Array, node: Node | undefined): string | null {
  if (node?.tag !== 0x18) return null;
  const m = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(
    Buffer.from(b.subarray(node.from, node.to)).toString('latin1'),
  );
  if (!m) return null;
  const at = Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3]), Number(m[4]), Number(m[5]), Number(m[6]));
  return new Date(at).toISOString();
}

const STATUS: { readonly [tag: number]: StapleSeen['status'] } = {
  128: 'good',
  161: 'revoked',
  130: 'unknown',
  162: 'unknown',
};

/** Reads a stapled response as far as it says good or revoked, and until when. Any bytes in; never throws. */
export function readStaple(der: Uint8Array): StapleSeen {
  const bad: StapleSeen = { status: 'malformed', thisUpdate: null, nextUpdate: null };
  const at = (node: Node | null | undefined, ...path: number[]): Node | null =>
    path.reduce<Node | null>((here, i) => (here ? (children(der, here)[i] ?? null) : null), node ?? null);
  const whole = element(der, 0, der.length);
  const status = at(whole, 0);
  if (!whole || !status || status.tag !== 0x0a) return bad;
  if (der[status.from] !== 0) return { ...bad, status: 'refused' };
  // responseBytes [0] -> SEQUENCE -> OCTET STRING -> BasicOCSPResponse -> tbsResponseData
  const octets = at(whole, 1, 0, 1);
  const basic = octets ? element(der, octets.from, octets.to) : null;
  const data = at(basic, 0);
  // version and responderID vary; the responses are the first SEQUENCE of SEQUENCEs after producedAt.
  const parts = data ? children(der, data) : [];
  const produced = parts.findIndex((part) => part.tag === 0x18);
  const single = at(parts[produced + 1], 0);
  if (produced < 0 || !single) return bad;
  const [, said, thisUpdate, next] = children(der, single);
  if (!said) return bad;
  return {
    status: STATUS[said.tag] ?? 'malformed',
    thisUpdate: time(der, thisUpdate),
    nextUpdate: next?.tag === 0xa0 ? time(der, children(der, next)[0]) : null,
  };
}
