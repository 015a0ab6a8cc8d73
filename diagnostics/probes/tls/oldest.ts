import { readSslv2Answer, SSLV2_CIPHERS, sslv2AnswerIsWhole, sslv2CipherName, sslv2Hello } from '../../wire/sslv2.ts';
import type { Prober } from './prober.ts';

/** The suites of SSL 2.0 in one question: its ServerHello names them all. null: not spoken. */
export async function askSslv2(prober: Prober): Promise<{ id: string; name: string }[] | null> {
  const { data } = await prober.say(sslv2Hello(0x0002, Object.values(SSLV2_CIPHERS)), 'suites', sslv2AnswerIsWhole);
  const answer = readSslv2Answer(data);
  if (answer.is !== 'hello') return null;
  return answer.suites.map((id) => ({ id: `0x${id.toString(16).padStart(6, '0')}`, name: sslv2CipherName(id) }));
}
