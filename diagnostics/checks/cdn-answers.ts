import { CDN_STATUS } from '../cloud/words.ts';
import { defineCheck, type Scope } from '../define-check.ts';
import type { Attempt, Io, RequestSpec } from '../io/io.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import {
  type Answered,
  type Base,
  type CdnData,
  type CdnFacts,
  type Origin,
  readCdn,
} from '../readings/cdn-answers.ts';
import type { Look } from '../types.ts';
import { type Post, postsOf } from '../vantages.ts';
import { shellWord } from '../wording.ts';

const TIMES = 3;
const PATIENCE_MS = 5_000;
/** Addresses of the origin that are asked: replicas of one proxy should be alike. */
const MOST_ORIGINS = 3;

/** Statuses and words by which people name a CDN's own errors. */
const SOUNDS_LIKE_CDN = /cloudflare|cf-ray|ray id/i;
const isCdnStatus = (status: number | null): boolean => status !== null && CDN_STATUS[status] !== undefined;

function plan({ case: triage, path }: Scope): { look: Look }[] {
  const cdn = path.hops.find((hop) => hop.hop === 'cdn');
  const told = triage.symptoms.statuses.some(isCdnStatus) || SOUNDS_LIKE_CDN.test(triage.report ?? '');
  if (!cdn && !told) return [];
  const posts = postsOf(path, triage.target);
  const front = posts.find((post) => post.vantage === 'public');
  if (!front) return [];
  // The origin is the first hop behind the CDN that can be asked: where one hop has several places, a few of them.
  const behind = posts.filter((post) => post !== front && post.hop !== 'cdn' && post.vantage !== 'service');
  const first = behind[0];
  const origin = behind.filter((post) => post.at.hop === first?.at.hop).slice(0, MOST_ORIGINS);
  const place = ({ address, scheme, header, at, hop }: Post): { [key: string]: string } => ({
    address,
    scheme,
    header,
    at: at.hop,
    hop,
  });
  return [
    {
      look: {
        check: 'cdn-answers',
        vantage: 'public',
        hop: 'cdn',
        at: { hop: cdn?.name ?? front.at.hop, part: null },
        address: front.address,
        with: { scheme: front.scheme, host: triage.target.host, path: triage.target.path, origin: origin.map(place) },
      },
    },
  ];
}

const shortened = (address: string, attempt: Attempt): Answered => ({
  address,
  error: attempt.error,
  alert: attempt.alert,
  status: attempt.status,
  ray: attempt.headers['cf-ray']?.slice(0, 40) ?? null,
  server: attempt.headers.server?.slice(0, 40) ?? null,
  ok: attempt.ok,
});

async function ask(io: Io, spec: RequestSpec, signal: AbortSignal): Promise<Answered[]> {
  const attempts = await Promise.all(Array.from({ length: TIMES }, () => io.request(spec, signal)));
  return attempts.map((attempt) => shortened(spec.address, attempt));
}

async function look(io: Io, one: Look, address: string, signal: AbortSignal): Promise<CdnData> {
  const { scheme, host, path, origin } = one.with as unknown as {
    scheme: 'https' | 'http';
    host: string;
    path: string;
    origin: {
      address: string;
      scheme: 'https' | 'http';
      header: RequestSpec['proxyHeader'];
      at: string;
      hop: string;
    }[];
  };
  const spec = { host, path, patienceMs: PATIENCE_MS };
  const [front, ...behind] = await Promise.all([
    ask(io, { ...spec, address, scheme, proxyHeader: 'none' }, signal),
    ...origin.map(async (place) => {
      try {
        const answers = await ask(
          io,
          { ...spec, address: place.address, scheme: place.scheme, proxyHeader: place.header },
          signal,
        );
        return { hop: place.at, hopKind: place.hop, answers };
      } catch (error) {
        // What we may not ask, or a name that does not resolve here, is an origin that was not seen.
        if (error instanceof BlindLook) return null;
        throw error;
      }
    }),
  ]);
  return {
    url: `${scheme}://${host}${path}`,
    front: front as Answered[],
    origin: behind.filter((one) => one !== null),
  };
}

const ray = (f: { ray: string }): string => (f.ray ? ` (cf-ray ${f.ray})` : '');
const opening = (f: Base | (Base & Origin)): string =>
  `${'origin' in f && f.cdn === f.origin ? `The CDN in front of ${f.cdn}` : f.cdn} answered ${f.count} of ${f.total} requests with ${f.status}${ray(f)}: ${f.meaning}`;
const curl = (f: { url: string; address: string }): string | null => {
  const [, host, port] = /^(.*):(\d+)$/.exec(f.address) ?? [];
  return host
    ? `curl -sk -o /dev/null -w '%{http_code}\\n' ${shellWord(f.url)} --connect-to ${shellWord(`::${host}:${port}`)}`
    : null;
};
const direct = (f: Base & Origin): string | null => curl({ url: f.url, address: f.originAddress });

/** What does the CDN's own status say of the origin, and does the origin, asked directly at the same time, bear it out? */
export const cdnAnswers = defineCheck<CdnData, CdnFacts>({
  id: 'cdn-answers',
  title: "The CDN's answers beside its origin's",
  asks: "Does the origin, asked directly, bear out what the CDN's error says of it?",
  vantages: ['public'],
  budgetMs: 8_000,
  plan,
  look,
  read: readCdn,
  findings: {
    CDN_ERROR_ORIGIN_WELL: {
      hop: 'cdn',
      direction: 'implicates',
      title: 'The CDN blames an origin that answers when asked directly',
      says: (f) =>
        `${opening(f)}. Asked directly at the same time, ${f.origin} answered ${f.originCount} of ${f.originTotal}.`,
      next: (f) =>
        `Give the CDN's support the ray${f.ray ? ` ${f.ray}` : ''}, and see that the origin's firewall lets all of the CDN's ranges in.`,
      reproduce: direct,
    },
    CDN_ERROR_ORIGIN_ALIKE: {
      hop: 'proxy',
      direction: 'implicates',
      title: "The origin fails as the CDN's error says",
      says: (f) =>
        `${opening(f)}. Asked directly, ${f.origin} fails too: ${f.how}, ${f.originCount} of ${f.originTotal}. The CDN is right.`,
      next: (f) => `Mend ${f.origin} at ${f.originAddress}.`,
      reproduce: direct,
    },
    CDN_ERROR_ORIGIN_OTHERWISE: {
      hop: 'proxy',
      direction: 'context',
      title: "The origin fails otherwise than the CDN's error says",
      says: (f) =>
        `${opening(f)}. Asked directly, ${f.originCount} of ${f.originTotal} requests to ${f.origin} fail, by something else: ${f.how}.`,
      next: (f) => `See first why ${f.origin} fails at ${f.originAddress}.`,
      reproduce: direct,
    },
    CDN_ERROR_ORIGIN_UNSEEN: {
      hop: 'cdn',
      direction: 'context',
      title: "The CDN's error speaks of an origin that I could not ask",
      says: (f) => `${opening(f)}. I could not ask the origin myself, so I can't say who is right.`,
      next: () => 'Name the hop behind the CDN with its address in the inventory, and let allow: cover it.',
      reproduce: curl,
    },
    CDN_DOUBTS_CERTIFICATE: {
      hop: 'cdn',
      direction: 'context',
      title: "The CDN does not accept the origin's certificate, which is good for us",
      says: (f) =>
        `${opening(f)}. For me the certificate of ${f.origin} is good, but I also trust authorities that a CDN does not know.`,
      next: (f) =>
        `Give ${f.origin} a certificate of an authority that the CDN trusts, or let the CDN check less strictly.`,
      reproduce: direct,
    },
    CDN_PASSES_ON_ERROR: {
      hop: 'cdn',
      direction: 'clears',
      title: "The CDN passes on the origin's own error",
      says: (f) =>
        `${f.cdn} answered ${f.count} of ${f.total} requests with ${f.status}${ray(f)}, and so did ${f.origin} when asked directly (${f.originCount} of ${f.originTotal}).`,
      next: () => 'Look behind it: at the proxy and the application.',
      reproduce: direct,
    },
    CDN_ANSWERS: {
      hop: 'cdn',
      direction: 'clears',
      title: 'The CDN answers',
      says: (f) => `${f.cdn} answers with ${f.status}${ray(f)}.`,
      next: () => 'Nothing to do here.',
      reproduce: curl,
    },
  },
});
