import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** What goes into a certificate. */
interface CertificateRequest {
  commonName: string;
  /** DNS names and IPv4 addresses of a leaf. */
  names?: string[];
  /** An authority may sign others. */
  authority?: boolean;
  notBefore: Date;
  notAfter: Date;
  /** Both halves of the subject's key; only the public one enters the certificate. */
  publicKey: KeyObject;
  issuer: { commonName: string; privateKey: KeyObject; publicKey: KeyObject };
}

/**
 * Writes one X.509 v3 certificate (RFC 5280), PEM. Made here because the openssl command can't date a certificate into the
 * past without a CA folder, and because a process per certificate would cost a world a third of its start.
 *
 *   Certificate    ::= SEQUENCE { TBSCertificate, AlgorithmIdentifier, BIT STRING signature }
 *   TBSCertificate ::= SEQUENCE { [0] version, serial, AlgorithmIdentifier, issuer, validity, subject, spki, [3] extensions }
 */
export function writeCertificate(request: CertificateRequest): string {
  const algorithm =
    request.issuer.privateKey.asymmetricKeyType === 'rsa'
      ? sequence(oid('1.2.840.113549.1.1.11'), NULL)
      : sequence(oid('1.2.840.10045.4.3.2'));
  const toBeSigned = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x4d]), randomBytes(15)])),
    algorithm,
    name(request.issuer.commonName),
    sequence(time(request.notBefore), time(request.notAfter)),
    name(request.commonName),
    spki(request.publicKey),
    tagged(3, sequence(...extensions(request))),
  );
  const signature = sign('sha256', toBeSigned, request.issuer.privateKey);
  const whole = sequence(toBeSigned, algorithm, bitString(signature));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function extensions(request: CertificateRequest): Buffer[] {
  const subjectKeyId = keyId(request.publicKey);
  const issuerKeyId = keyId(request.issuer.publicKey);
  const list = [
    extension('2.5.29.14', octets(subjectKeyId)),
    extension('2.5.29.35', sequence(der(0x80, issuerKeyId))),
    extension('2.5.29.19', request.authority ? sequence(TRUE) : sequence(), true),
    // Key usage: keyCertSign + cRLSign, or digitalSignature + keyEncipherment (the latter for RSA key exchange).
    extension('2.5.29.15', der(0x03, Buffer.from(request.authority ? [1, 0x06] : [5, 0xa0])), true),
  ];
  if (request.names?.length) {
    list.push(extension('2.5.29.17', sequence(...request.names.map(alternative))));
  }
  if (!request.authority) list.push(extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))));
  return list;
}

/** GeneralName: dNSName [2], or iPAddress [7] as four bytes (RFC 5280, section 4.2.1.6). */
const alternative = (name: string): Buffer =>
  isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name));

const NULL = Buffer.from([0x05, 0x00]);
const TRUE = Buffer.from([0x01, 0x01, 0xff]);

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [TRUE] : []), octets(value));
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1').update(spki(key)).digest();
}

function name(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(commonName)))));
}

/** UTCTime, which RFC 5280 demands until 2049: YYMMDDHHMMSSZ. */
function time(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function octets(bytes: Buffer): Buffer {
  return der(0x04, bytes);
}

function bitString(bytes: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([0]), bytes]));
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function tagged(number: number, inner: Buffer): Buffer {
  return der(0xa0 | number, inner);
}

/** Tag, length (short form below 128, else the number of length bytes and the length), value. */
function der(tag: number, value: Buffer): Buffer {
  if (value.length < 128) return Buffer.concat([Buffer.from([tag, value.length]), value]);
  const length: number[] = [];
  for (let left = value.length; left > 0; left >>>= 8) length.unshift(left & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length, ...length]), value]);
}
