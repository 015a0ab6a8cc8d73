import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytes, fromHex, readUint, toHex, u16 } from '../../../diagnostics/wire/bytes.ts';
import {
  readSslv2Answer,
  SSLV2_CIPHERS,
  sslv2AnswerIsWhole,
  sslv2CipherName,
  sslv2Hello,
} from '../../../diagnostics/wire/sslv2.ts';

test('the hello of Java 6, byte for byte, but for its challenge', () => {
  // "Java 6u45" of the SSL Labs recordings, as testssl.sh carries them.
  const recorded =
    '8065010301003c0000002000000401008000000500002f00003300003200000a0700c00000160000130000090600400000150000120000030200800000080000140000110000ff52173357f48ce6722f974dbb429b9279208d1cf5b9088947c9ba16d9ecbc0fa6';
  const data = fromHex(recorded);
  const specs = readUint(data, 5, 2) as number;
  const suites = Array.from({ length: specs / 3 }, (_, i) => readUint(data, 11 + 3 * i, 3) as number);
  assert.equal(toHex(sslv2Hello(0x0301, suites, data.subarray(11 + specs))), recorded);
});

const answer = (certificate: Uint8Array, specs: Uint8Array): Uint8Array => {
  const body = bytes(
    4,
    0,
    1,
    u16(2),
    u16(certificate.length),
    u16(specs.length),
    u16(16),
    certificate,
    specs,
    new Uint8Array(16),
  );
  return bytes(u16(0x8000 | body.length), body);
};

test("a server's hello of SSL 2.0 names its suites and holds its certificate", () => {
  const whole = answer(new Uint8Array(40).fill(7), fromHex('010080070 0c0'.replace(' ', '')));
  assert.deepEqual(readSslv2Answer(whole), {
    is: 'hello',
    suites: [SSLV2_CIPHERS.SSL_CK_RC4_128_WITH_MD5, SSLV2_CIPHERS.SSL_CK_DES_192_EDE3_CBC_WITH_MD5],
    certificate: new Uint8Array(40).fill(7),
  });
  for (let cut = 0; cut < whole.length; cut++)
    assert.equal(sslv2AnswerIsWhole(whole.subarray(0, cut)), false, `${cut}`);
  assert.ok(sslv2AnswerIsWhole(whole));
  assert.deepEqual(readSslv2Answer(fromHex('8003000001')), { is: 'error', number: 1 });
  assert.equal(sslv2CipherName(0x0700c0), 'SSL_CK_DES_192_EDE3_CBC_WITH_MD5');
  assert.equal(sslv2CipherName(0xabcdef), 'SSL_CK_ABCDEF');
});

test('any bytes get a typed answer; what we write ourselves is read back', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('', '80', '8016040001000200', '1503000002', '16'),
      fc.uint8Array({ maxLength: 120 }),
      (start, rest) => {
        const data = bytes(fromHex(start), rest);
        assert.ok(['hello', 'error', 'other'].includes(readSslv2Answer(data).is));
        assert.equal(typeof sslv2AnswerIsWhole(data), 'boolean');
      },
    ),
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.nat(0xffffff), { maxLength: 30 }),
      (certificate, suites) => {
        const specs = bytes(...suites.map((id) => Uint8Array.of(id >> 16, (id >> 8) & 255, id & 255)));
        assert.deepEqual(readSslv2Answer(answer(certificate, specs)), { is: 'hello', suites, certificate });
      },
    ),
  );
});
