import { bytes, fromHex, readUint, u16, vector } from '../../../wire/bytes.ts';
import { hybridShare } from '../../../wire/hybrid-share.ts';
import { keyShare } from '../../../wire/key-share.ts';
import { sslv2Hello } from '../../../wire/sslv2.ts';
import { groupName } from '../../../wire/tls-groups.ts';
import {
  extension,
  helloRecord,
  keyShareExtension,
  serverNameExtension,
  type TlsVersion,
  VERSIONS,
} from '../../../wire/tls-hello.ts';

/** A client as its recorded ClientHello shows it: what it offers, in its order. */
export interface ClientProfile {
  profile: string;
  title: string;
  /** Words in a report that mean this client, lower case. */
  words: string[];
  versions: TlsVersion[];
  /** Suites in the order offered, without signalling values and GREASE. */
  suites: number[];
  /** Names of the groups it knows; null: no ECDHE at all. */
  groups: string[] | null;
  /** Signature algorithms it takes; null: it does not say (TLS 1.1 and older), so SHA-1 and what it can read. */
  signatures: number[] | null;
  sni: boolean;
  /** Application protocols that it offers; empty: none. */
  alpn: string[];
  /** Its hello has SSL 2.0's format. */
  v2: boolean;
  /** Largest finite field that it takes for DHE, bits; null: no limit is known. */
  maxDhBits: number | null;
  source: string;
  /** The hello as recorded, with a fresh random, name and keys. */
  replay(servername: string | null): Uint8Array;
}

/** One client as data; hex throughout. */
export interface Recorded {
  profile: string;
  title: string;
  words: string[];
  /** Oldest version it still takes; the newest stands in its hello. */
  oldest: TlsVersion;
  maxDhBits?: number;
  source: string;
  /** `record-version hello-version session-length`, or `v2 version` for a hello in SSL 2.0's format. */
  hello: string;
  suites: string;
  /** Compression methods; `00` unless given. */
  compression?: string;
  /**
   * Extensions in their order, `type:content`; without content as empty ones. Ours are: `0000` the name, `0033=group,…`
   * key shares, `0015=n` padding and `fe0d=n` an encrypted hello of n bytes. null: no extensions, not even their length.
   */
  extensions: string | null;
}

/** Handshakes recorded by others; their numbers were decoded for this table. */
export const simulation = (name: string): string =>
  `"${name}" in testssl.sh etc/client-simulation.txt of 2026-06 (recorded handshakes, the older ones from the SSL Labs API)`;
/** Hellos that we caught on a socket. */
export const measured = (name: string): string => `${name}: caught on a socket, 2026-11-21`;

const hex = (list: string): number[] => list.split(' ').map((id) => Number.parseInt(id, 16));
/** RFC 8701: values that mean nothing, so that servers learn to ignore what they do not know. */
const isGrease = (id: number): boolean => (id & 0x0f0f) === 0x0a0a && id >> 8 === (id & 0xff);
/** Renegotiation and fallback signals (RFC 5746, RFC 7507): no suites. */
const isSignal = (id: number): boolean => id === 0x00ff || id === 0x5600;

interface Piece {
  type: number;
  content: Uint8Array;
  made: string | null;
}

const pieces = (text: string): Piece[] =>
  text.split(' ').map((part) => {
    const [type = '', value = ''] = part.split(/[:=]/);
    return {
      type: Number.parseInt(type, 16),
      content: part.includes(':') ? fromHex(value) : new Uint8Array(0),
      made: part.includes('=') ? value : null,
    };
  });

const numbers = (content: Uint8Array, from: number): number[] =>
  Array.from(
    { length: Math.floor((content.length - from) / 2) },
    (_, i) => readUint(content, from + 2 * i, 2) as number,
  );

function namesIn(content: Uint8Array | null): string[] {
  const names: string[] = [];
  for (let at = 2; content && at < content.length; at += 1 + (content[at] as number))
    names.push(Buffer.from(content.subarray(at + 1, at + 1 + (content[at] as number))).toString('latin1'));
  return names;
}

const AGE: TlsVersion[] = ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
const NAME_OF = new Map(Object.entries(VERSIONS).map(([name, number]) => [number as number, name as TlsVersion]));

function versionsOf(oldest: TlsVersion, legacy: number, supported: Uint8Array | null): TlsVersion[] {
  if (supported) return AGE.filter((name) => numbers(supported, 1).includes(VERSIONS[name]));
  const newest = NAME_OF.get(legacy) ?? 'TLSv1.2';
  return AGE.slice(AGE.indexOf(oldest), AGE.indexOf(newest) + 1);
}

/** A profile from its recording: what it offers is read from the hello, so that both can never differ. */
export function profile(recorded: Recorded): ClientProfile {
  const v2 = recorded.hello.startsWith('v2 ');
  const list = recorded.extensions ? pieces(recorded.extensions) : [];
  const content = (type: number): Uint8Array | null => list.find((one) => one.type === type)?.content ?? null;
  const legacy = Number.parseInt(recorded.hello.split(' ')[1] as string, 16);
  const groups = content(0x000a);
  const signatures = content(0x000d);
  const own = hex(recorded.suites);
  return {
    profile: recorded.profile,
    title: recorded.title,
    words: recorded.words,
    source: recorded.source,
    maxDhBits: recorded.maxDhBits ?? null,
    versions: versionsOf(recorded.oldest, legacy, content(0x002b)),
    suites: own.filter((id) => id <= 0xffff && !isGrease(id) && !isSignal(id)),
    groups: groups
      ? numbers(groups, 2)
          .filter((id) => !isGrease(id))
          .map(groupName)
      : null,
    signatures: signatures ? numbers(signatures, 2) : null,
    sni: list.some((one) => one.type === 0),
    alpn: namesIn(content(0x0010)),
    v2,
    replay: (servername) => (v2 ? sslv2Hello(legacy, own) : replay(recorded, list, own, servername)),
  };
}

function replay(recorded: Recorded, list: Piece[], suites: number[], servername: string | null): Uint8Array {
  const [record = 0x0301, version = 0x0303, session = 0] = recorded.hello
    .split(' ')
    .map((part, i) => Number.parseInt(part, i === 2 ? 10 : 16));
  return helloRecord({
    record,
    version,
    random: crypto.getRandomValues(new Uint8Array(32)),
    session: crypto.getRandomValues(new Uint8Array(session)),
    suites,
    compression: [...fromHex(recorded.compression ?? '00')],
    extensions: recorded.extensions === null ? null : list.map((one) => written(one, servername)),
  });
}

function written({ type, content, made }: Piece, servername: string | null): Uint8Array {
  if (type === 0x0000) return servername ? serverNameExtension(servername) : new Uint8Array(0);
  if (made === null) return extension(type, content);
  if (type === 0x0033) return keyShareExtension(hex(made.replaceAll(',', ' ')).flatMap(shareOf));
  if (type === 0x0015) return extension(type, new Uint8Array(Number(made)));
  return extension(type, encryptedHello(Number(made)));
}

/** A share of a group: GREASE is one byte (RFC 8701); none where no key can be made here: the group is then only named. */
function shareOf(group: number): { group: number; key: Uint8Array }[] {
  if (isGrease(group)) return [{ group, key: Uint8Array.of(0) }];
  const key = keyShare(group)?.key ?? hybridShare(group);
  return key ? [{ group, key }] : [];
}

/** An encrypted client hello that nobody can open, as browsers send one everywhere (draft-ietf-tls-esni section 6.2). */
function encryptedHello(size: number): Uint8Array {
  const head = bytes(0, u16(1), u16(1), 0x2a, vector(2, crypto.getRandomValues(new Uint8Array(32))));
  const payload = Math.max(0, size - head.length - 2);
  return bytes(head, vector(2, crypto.getRandomValues(new Uint8Array(payload)))).subarray(0, size);
}
