import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createServer } from 'node:tls';
import { fromHex } from '../../diagnostics/wire/bytes.ts';
import {
  padding,
  proxyV1,
  proxyV1Unknown,
  proxyV2,
  proxyV2Local,
  vpcEndpoint,
} from '../../diagnostics/wire/proxy-header.ts';
import { clientHello, type TlsVersion } from '../../diagnostics/wire/tls-hello.ts';
import { writeCertificate } from '../../proxy/lab/x509.ts';

const RECORDED = new URL('../../test/fixtures/wire/proxy-protocol.json', import.meta.url);
const DAY_MS = 86_400_000;
const SUITES = [0xc02b, 0xc02f, 0xc009, 0x009c, 0x1301];

/** Everything that one server says to a hello, up to its silence. */
function flight(port: number, hello: Uint8Array): Promise<Uint8Array> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const chunks: Buffer[] = [];
  const socket = connect(port, '127.0.0.1', () => socket.write(hello));
  const done = (): void => {
    socket.destroy();
    resolve(Buffer.concat(chunks));
  };
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('close', done);
  socket.on('error', done);
  socket.setTimeout(100, done);
  return promise;
}

/** Whole flights of a real TLS server (Node's OpenSSL) of each version, with a chain of three, and the chain itself. */
async function flights(): Promise<{ flights: Uint8Array[]; certificate: Uint8Array }> {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  const pem = writeCertificate({
    commonName: 'shop.example.test',
    names: ['shop.example.test', '127.0.0.1'],
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + DAY_MS),
    publicKey: keys.publicKey,
    issuer: { commonName: 'Some Authority', ...keys },
  });
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const server = createServer({
    key,
    cert: pem + pem + pem,
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
    requestCert: true,
    ALPNProtocols: ['h2'],
  });
  server.on('error', () => {});
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const versions: TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3', 'SSLv3'];
  const made = await Promise.all(
    versions.map((version) =>
      flight(port, clientHello({ version, suites: SUITES, serverName: 'shop.example.test', alpn: ['h2'] })),
    ),
  );
  server.close();
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return { flights: made.filter((bytes) => bytes.length > 0), certificate: der };
}

/**
 * What the mutations start from: the recorded first bytes of nine servers (whole where they were HTTP), flights of a
 * real TLS server, our own hellos and headers of every kind, a certificate, and lines of other protocols.
 */
export async function corpus(): Promise<Uint8Array[]> {
  const rows = JSON.parse(readFileSync(RECORDED, 'utf8')) as { bytes: string; text: string }[];
  const recorded = new Set(rows.flatMap(({ bytes, text }) => [bytes, Buffer.from(text, 'latin1').toString('hex')]));
  const real = await flights();
  const told = { source: '192.0.2.10', destination: '198.51.100.20', sourcePort: 51_234, destinationPort: 443 };
  const wide = { ...told, source: '2001:db8::1', destination: '2001:db8::2' };
  const headers = [
    ...[told, wide].flatMap((one) => [proxyV1(one), proxyV2(one), proxyV2(one, [vpcEndpoint('vpce-1'), padding(90)])]),
    proxyV1Unknown(),
    proxyV2Local(),
  ];
  const hello = clientHello({ version: 'TLSv1.2', suites: SUITES, serverName: 'shop.example.test' });
  const lines = ['SSH-2.0-OpenSSH_9.2p1\r\n', '220 mail ESMTP\r\n', '+OK\r\n', '-ERR unknown command\r\n', ''];
  return [
    ...[...recorded].map(fromHex),
    ...real.flights,
    real.certificate,
    ...headers,
    // TLS inside PROXY inside TLS, and headers in a row.
    ...headers.flatMap((header) => real.flights.map((bytes) => Buffer.concat([bytes, header, bytes]))),
    Buffer.concat([...headers, ...headers, hello]),
    hello,
    ...lines.map((line) => Buffer.from(line)),
  ];
}
