import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { fromHex, toHex } from '../../../diagnostics/wire/bytes.ts';
import {
  padding,
  proxyV1,
  proxyV1Unknown,
  proxyV2,
  proxyV2Local,
  TLV_AWS,
  vpcEndpoint,
  vpcEndpointIn,
} from '../../../diagnostics/wire/proxy-header.ts';
import { readProxyHeader } from '../../../diagnostics/wire/proxy-header-read.ts';
import { listen } from '../peers.ts';
import { freePorts, scratch, startHaproxy } from '../real-servers.ts';

const port = fc.integer({ min: 0, max: 65_535 });
const v4 = fc.ipV4();
/** Full groups: text of one address may be written in many ways, bytes in one. */
const v6 = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((g) => g.toString(16)).join(':'));
const connection = fc.oneof(
  ...[v4, v6].map((ip) =>
    fc.record({ source: ip, sourcePort: port, destination: ip, destinationPort: port }, { noNullPrototype: true }),
  ),
);
const tlvs = fc.array(fc.record({ type: fc.integer({ min: 0, max: 255 }), value: fc.uint8Array({ maxLength: 80 }) }), {
  maxLength: 4,
});
const payload = fc.uint8Array({ maxLength: 40 });

test('version 1: what is written is read, whatever follows it', () => {
  fc.assert(
    fc.property(connection, payload, (told, rest) => {
      const header = proxyV1(told);
      assert.deepEqual(readProxyHeader(Buffer.concat([header, rest])), {
        is: 'v1',
        command: 'PROXY',
        connection: told,
        tlvs: [],
        length: header.length,
      });
    }),
  );
});

test('version 2: what is written is read, TLVs and all, whatever follows it', () => {
  fc.assert(
    fc.property(connection, tlvs, payload, (told, extra, rest) => {
      const header = proxyV2(told, extra);
      const read = readProxyHeader(Buffer.concat([header, rest]));
      assert.equal(read.is, 'v2');
      assert.ok(read.is === 'v2');
      assert.deepEqual([read.command, read.connection, read.length], ['PROXY', told, header.length]);
      assert.deepEqual(
        read.tlvs.map((t) => [t.type, toHex(t.value)]),
        extra.map((t) => [t.type, toHex(t.value)]),
      );
    }),
  );
});

test('a header that is cut anywhere is incomplete, never something else', () => {
  const told = { source: '192.0.2.10', sourcePort: 51_234, destination: '198.51.100.20', destinationPort: 443 };
  const headers = [
    proxyV1(told),
    proxyV2(told),
    proxyV2(told, [{ type: TLV_AWS, value: Uint8Array.of(1, 2, 3) }]),
    proxyV2Local(),
  ];
  for (const header of headers) {
    for (let cut = 0; cut < header.length; cut++)
      assert.equal(readProxyHeader(header.subarray(0, cut)).is, 'incomplete', `${toHex(header)} cut at ${cut}`);
  }
});

test('any bytes get a typed result and never an exception', () => {
  const kinds = new Set(['none', 'incomplete', 'malformed', 'v1', 'v2']);
  const beginnings = [
    '',
    toHex(proxyV2Local()).slice(0, 24),
    toHex(Buffer.from('PROXY ')),
    toHex(Buffer.from('PROXY TCP4 ')),
  ];
  fc.assert(
    fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 200 }), (beginning, rest) => {
      const data = Buffer.concat([fromHex(beginning), rest]);
      const read = readProxyHeader(data);
      assert.ok(kinds.has(read.is));
      if (read.is === 'v1' || read.is === 'v2') assert.ok(read.length <= data.length);
    }),
    { numRuns: 1_000 },
  );
});

test('the examples of the specification, byte for byte', () => {
  const told = { source: '192.0.2.10', sourcePort: 51_234, destination: '198.51.100.20', destinationPort: 443 };
  assert.equal(Buffer.from(proxyV1(told)).toString(), 'PROXY TCP4 192.0.2.10 198.51.100.20 51234 443\r\n');
  assert.equal(toHex(proxyV2(told)), '0d0a0d0a000d0a515549540a2111000cc000020ac6336414c82201bb');
  assert.equal(toHex(proxyV2Local()), '0d0a0d0a000d0a515549540a20000000');
  const wide = { source: '2001:db8::1', sourcePort: 1, destination: '::ffff:192.0.2.1', destinationPort: 2 };
  assert.equal(
    toHex(proxyV2(wide)).slice(24),
    '21210024' + '20010db8000000000000000000000001' + '00000000000000000000ffffc0000201' + '00010002',
  );
});

test('an endpoint id, padding, a sender that knows nothing, families that differ', () => {
  const told = { source: '192.0.2.10', sourcePort: 1, destination: '198.51.100.20', destinationPort: 2 };
  const header = proxyV2(told, [padding(200), vpcEndpoint('vpce-08d2bf15fac5001c9')]);
  const read = readProxyHeader(header);
  assert.ok(read.is === 'v2');
  assert.equal(vpcEndpointIn(read.tlvs), 'vpce-08d2bf15fac5001c9');
  assert.equal(vpcEndpointIn([]), null);
  assert.equal(header.length - proxyV2(told, [vpcEndpoint('vpce-08d2bf15fac5001c9')]).length, 200);
  const unknown = readProxyHeader(proxyV1Unknown());
  assert.ok(unknown.is === 'v1' && unknown.connection === null);
  const mixed = readProxyHeader(proxyV2({ ...told, destination: 'fe80::1%eth0' }));
  assert.ok(mixed.is === 'v2');
  assert.equal(mixed.connection?.source, '0:0:0:0:0:ffff:c000:20a');
  assert.equal(
    Buffer.from(proxyV1({ ...told, destination: '2001:db8::1' })).toString(),
    'PROXY TCP6 ::ffff:192.0.2.10 2001:db8::1 1 2\r\n',
  );
});

test('what is no header is told from a broken one', () => {
  const read = (text: string): string => readProxyHeader(Buffer.from(text, 'latin1')).is;
  assert.equal(read('GET / HTTP/1.1\r\n'), 'none');
  assert.equal(read('\x16\x03\x01\x02\x00\x01'), 'none');
  assert.equal(read('PROXY UNKNOWN\r\n'), 'v1');
  assert.equal(read('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\nGET /'), 'v1');
  assert.equal(read('PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n'), 'malformed');
  assert.equal(read('PROXY TCP4 192.0.2.1 192.0.2.2 1 70000\r\n'), 'malformed');
  assert.equal(read('PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n'), 'malformed');
  assert.equal(read(`PROXY TCP4 ${'1'.repeat(120)}`), 'malformed');
  const signature = '\r\n\r\n\0\r\nQUIT\n';
  assert.equal(read(`${signature}\x11\x11\0\0`), 'malformed', 'version 1 in a version 2 header');
  assert.equal(read(`${signature}\x22\x11\0\0`), 'malformed', 'a command that there is none of');
  assert.equal(read(`${signature}\x21\x11\0\x04aaaa`), 'malformed', 'shorter than its addresses');
  assert.equal(read(`${signature}\x21\x11\0\x0f${'a'.repeat(12)}\x01\0\x09`), 'malformed', 'a TLV that is too long');
  assert.equal(read(`${signature}\x21\x31\0\x00`), 'malformed', 'a UNIX socket without its 216 bytes');
  assert.equal(read(`${signature}\x21\x31\0\xd8${'a'.repeat(216)}`), 'v2', 'a UNIX socket');
  assert.equal(read(`${signature}\x21\x41\0\0`), 'malformed', 'a family that there is none of');
  assert.equal(read(`${signature}\x21\x13\0\0`), 'malformed', 'a transport that there is none of');
  assert.equal(read(`${signature}\x21\x00\0\x02zz`), 'v2', 'no family: what it says is skipped');
  assert.equal(read(`${signature}\x20\x11\0\x02zz`), 'v2', 'LOCAL: what it says is skipped');
  assert.equal(read(`${signature}\x21\x12\0\x0c${'a'.repeat(12)}`), 'v2', 'a datagram');
  assert.equal(read('PROXY TCP4 2001:db8::1 192.0.2.2 1 2\r\n'), 'malformed', 'an address of the other family');
  assert.equal(read('PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n'), 'malformed', 'a port with a zero before it');
});

test('what a real HAProxy writes is read: v1, v2, v2 with TLVs, and LOCAL of its health checks', async (t) => {
  const dir = scratch(t);
  const got = new Map<string, Buffer[]>();
  const backend = async (name: string): Promise<number> => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      const connections = got.get(name) ?? [];
      got.set(name, connections);
      const nth = connections.push(Buffer.alloc(0)) - 1;
      socket.on('data', (chunk) => {
        const whole = Buffer.concat([connections[nth] as Buffer, chunk]);
        connections[nth] = whole;
        if (whole.subarray(-5).toString() === 'hello') socket.end();
      });
    });
    t.after(() => server.close());
    return listen(server);
  };
  const ports = await freePorts(t, 'v1', 'v2', 'tlv');
  const behind = {
    v1: await backend('v1'),
    v2: await backend('v2'),
    tlv: await backend('tlv'),
    check: await backend('check'),
  };
  await startHaproxy(
    t,
    dir,
    Object.values(ports),
    `listen one\n  mode tcp\n  bind 127.0.0.1:${ports.v1}\n  server s 127.0.0.1:${behind.v1} send-proxy
listen two\n  mode tcp\n  bind 127.0.0.1:${ports.v2}\n  server s 127.0.0.1:${behind.v2} send-proxy-v2
listen tlv\n  mode tcp\n  bind 127.0.0.1:${ports.tlv}\n  server s 127.0.0.1:${behind.tlv} send-proxy-v2 proxy-v2-options unique-id,crc32c\n  unique-id-format shop-%pid
backend checked\n  mode tcp\n  server s 127.0.0.1:${behind.check} send-proxy-v2 check check-send-proxy inter 100\n`,
  );
  const talk = async (to: number): Promise<number> => {
    const socket = connect(to, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    const own = socket.localPort as number;
    socket.write('hello');
    await once(socket, 'close');
    return own;
  };
  // The wait for its start made connections too, without a word.
  const seenOf = (name: string): Buffer =>
    got.get(name)?.findLast((seen) => seen.subarray(-5).toString() === 'hello') ?? Buffer.alloc(0);
  for (const name of ['v1', 'v2', 'tlv'] as const) {
    const own = await talk(ports[name]);
    const read = readProxyHeader(seenOf(name));
    assert.ok(read.is === 'v1' || read.is === 'v2', `${name}: ${read.is}`);
    assert.equal(read.is, name === 'v1' ? 'v1' : 'v2');
    assert.deepEqual(read.connection, {
      source: '127.0.0.1',
      sourcePort: own,
      destination: '127.0.0.1',
      destinationPort: ports[name],
    });
    assert.equal(seenOf(name).subarray(read.length).toString(), 'hello');
    if (name === 'tlv') {
      const types = read.tlvs.map((tlv) => tlv.type);
      assert.ok(types.includes(0x05), 'PP2_TYPE_UNIQUE_ID');
      assert.match(Buffer.from(read.tlvs.find((tlv) => tlv.type === 0x05)?.value ?? []).toString(), /^shop-/);
    }
  }
  const checked = (): Buffer | undefined => got.get('check')?.find((seen) => seen.length >= 16);
  for (let waited = 0; !checked() && waited < 3_000; waited += 20) await pause(20);
  const check = readProxyHeader(checked() ?? Buffer.alloc(0));
  assert.ok(check.is === 'v2');
  assert.equal(check.command, 'LOCAL');
  assert.equal(check.connection, null);
});
