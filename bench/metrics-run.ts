/**
 * One reading of one page, in a process of its own: `node bench/metrics-run.ts WHAT URL` prints JSON with the time, the
 * memory before, and how many requests it counted (so that everybody is seen to have read the same page).
 */
import { get } from 'node:http';
import { guardFor } from '../diagnostics/io/guard.ts';
import { reachOf } from '../proxy/adapters/metrics/page.ts';
import { readExposition } from '../proxy/adapters/metrics/prometheus.ts';
import { sampleOfPage } from '../proxy/adapters/metrics/sample.ts';

const COUNTER = 'nginx_ingress_controller_requests';

const reach = reachOf(
  async (host) => [host],
  guardFor(() => true),
);
const signal = AbortSignal.timeout(120_000);

const READERS: { [what: string]: (url: string) => Promise<number> } = {
  async normalised(url) {
    const sample = await sampleOfPage(url, reach, signal);
    return sample.requests.reduce((sum, { count }) => sum + count, 0);
  },
  /** Every series with all its labels, as the other parsers hand them over; nothing is kept. */
  async parsed(url) {
    const all = { has: () => true } as unknown as ReadonlySet<string>;
    let requests = 0;
    let labels = 0;
    await reach.stream(url, signal, ({ chunks }) =>
      readExposition(chunks, all, (line) => {
        labels += Object.keys(line.labels()).length;
        if (line.name === COUNTER) requests += line.value;
      }),
    );
    if (labels === 0) throw new Error('no labels were read');
    return requests;
  },
  async 'parse-prometheus-text-format'(url) {
    const name = 'parse-prometheus-text-format';
    const parse = ((await import(name)) as { default: (text: string) => Family[] }).default;
    const families = parse(await textOf(url));
    const found = families.find((family) => family.name === COUNTER);
    return (found?.metrics ?? []).reduce((sum, { value }) => sum + Number(value), 0);
  },
};

interface Family {
  name: string;
  metrics: { value?: string }[];
}

function textOf(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    }).on('error', reject);
  });
}

const [what = '', url = ''] = process.argv.slice(2);
const reader = READERS[what];
if (!reader) throw new Error(`there is no reader ${what}`);
const baseMib = Math.round(process.memoryUsage.rss() / 1024 / 1024);
const begun = performance.now();
const requests = await reader(url);
process.stdout.write(`${JSON.stringify({ ms: performance.now() - begun, baseMib, requests })}\n`);
