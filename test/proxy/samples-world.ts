import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Instance, PathHop } from '../../diagnostics/types.ts';
import type { PageStream, Reach } from '../../proxy/adapters/metrics/page.ts';
import { sampleOf } from '../../proxy/adapters/metrics/sample.ts';
import { blankHop, blankInstance } from '../../proxy/inventory/blank.ts';

export const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, '..', 'fixtures', name), 'utf8');

export const instanceAt = (metrics: string | null, admin: string | null = null): Instance => ({
  ...blankInstance('edge-1'),
  metrics,
  admin,
});

export const hopOf = (kind: string): PathHop => ({
  ...blankHop('edge', 'proxy', kind),
});

/** A reach that knows these pages and command answers; pages come in chunks of a few bytes less than a memory page. */
export function reachTo(
  pages: { [url: string]: string },
  headers: Partial<PageStream> = {},
  answers: { [line: string]: string } = {},
): Required<Reach> {
  const page = async (url: string): Promise<string> => {
    const text = pages[url];
    if (text === undefined)
      throw new (await import('../../diagnostics/io/proxy-reader.ts')).BlindLook('unreadable', `${url} answers 404`);
    return text;
  };
  return {
    page,
    async stream(url, _signal, read) {
      const bytes = Buffer.from(await page(url), 'utf8');
      async function* chunks(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += 4_001) yield bytes.subarray(at, at + 4_001);
      }
      return read({ date: null, server: null, ...headers, chunks: chunks() });
    },
    command: async (_address, line) => answers[line] ?? '',
  };
}

export const patient = (): AbortSignal => AbortSignal.timeout(20_000);

/** The sample of one page that was recorded. */
export const sampleIn = (page: string, kind = 'nginx'): Promise<ProxySample> =>
  sampleOf(hopOf(kind), instanceAt('http://m/'), reachTo({ 'http://m/': page }), patient());

/** Requests in one line each: `host service endpoint status maker count`, `-` for what is not told. */
export const requestsOf = ({ requests }: ProxySample): string[] =>
  requests
    .map((r) => [r.host ?? '-', r.service ?? '-', r.endpoint ?? '-', r.status, r.maker, r.count].join(' '))
    .sort();

export const sum = (sample: ProxySample, wanted: (r: ProxySample['requests'][number]) => boolean): number =>
  sample.requests.filter(wanted).reduce((total, { count }) => total + count, 0);
