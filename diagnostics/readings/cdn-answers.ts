import { CDN_STATUS } from '../cloud/words.ts';
import type { Draft, ReadScope } from '../define-check.ts';
import { failure } from '../wording.ts';

/** What came back, shortened to what tells who answered. */
export interface Answered {
  address: string;
  error: string | null;
  alert: number | null;
  status: number | null;
  ray: string | null;
  server: string | null;
  ok: boolean;
}

/** The same request at the CDN and past it. */
export interface CdnData {
  url: string;
  front: Answered[];
  /** Each address of the origin, asked at the same time; empty: none is known, or none may be asked. */
  origin: { hop: string; hopKind: string; answers: Answered[] }[];
}

/** What every error of a CDN says. */
export type Base = {
  cdn: string;
  status: number;
  ray: string;
  count: number;
  total: number;
  meaning: string;
  url: string;
  address: string;
};

/** What its origin did with the same request. */
export type Origin = { origin: string; originCount: number; originTotal: number; originAddress: string };

/** Facts of each finding of the check `cdn-answers`. */
export interface CdnFacts {
  CDN_ERROR_ORIGIN_WELL: Base & Origin;
  CDN_ERROR_ORIGIN_ALIKE: Base & Origin & { how: string; originHop: string };
  CDN_ERROR_ORIGIN_OTHERWISE: Base & Origin & { how: string };
  CDN_ERROR_ORIGIN_UNSEEN: Base;
  CDN_DOUBTS_CERTIFICATE: Base & Origin;
  CDN_PASSES_ON_ERROR: Base & Origin;
  CDN_ANSWERS: { cdn: string; status: number; ray: string; total: number; url: string; address: string };
}

const wordOf = (one: Answered): string => (one.alert !== null ? 'TLS_ALERT' : (one.error ?? String(one.status)));
/** Does it look as Cloudflare answers: its ray, or its name? */
const byCdn = (one: Answered): boolean => one.ray !== null || one.server?.toLowerCase() === 'cloudflare';

/** Pure: whose error a CDN shows: its own, or that of its origin. */
export function readCdn(data: CdnData, scope: ReadScope): Draft<CdnFacts>[] {
  const cdn = scope.look.at.hop;
  const declared = scope.path.hops.some((hop) => hop.hop === 'cdn');
  const failing = data.front.filter((one) => one.status !== null && one.status >= 500 && (declared || byCdn(one)));
  const [first] = failing;
  const [well] = data.front.filter((one) => one.ok && byCdn(one));
  if (!first || first.status === null)
    return well?.status
      ? [
          {
            code: 'CDN_ANSWERS',
            facts: {
              cdn,
              status: well.status,
              ray: well.ray ?? '',
              total: data.front.length,
              url: data.url,
              address: scope.address,
            },
          },
        ]
      : [];
  const { status } = first;
  const known = CDN_STATUS[status];
  const base: Base = {
    cdn,
    status,
    ray: first.ray ?? '',
    count: failing.filter((one) => one.status === status).length,
    total: data.front.length,
    meaning: known?.says ?? '',
    url: data.url,
    address: scope.address,
  };
  const answers = data.origin.flatMap((one) => one.answers);
  const failed = answers.filter((one) => !one.ok);
  const place = data.origin[0];
  if (!place || answers.length === 0) return known ? [{ code: 'CDN_ERROR_ORIGIN_UNSEEN', facts: base }] : [];
  const sample = failed[0] ?? (answers[0] as Answered);
  const origin: Origin = {
    origin: place.hop,
    originCount: answers.length - failed.length,
    originTotal: answers.length,
    originAddress: sample.address,
  };
  if (!known) {
    const same = answers.filter((one) => one.status === status).length;
    return same ? [{ code: 'CDN_PASSES_ON_ERROR', facts: { ...base, ...origin, originCount: same } }] : [];
  }
  if (failed.length === 0) {
    // An authority that only the inventory trusts is none for a CDN: then it may be right, and the origin well for us.
    const code = status === 526 && scope.path.trust.length > 0 ? 'CDN_DOUBTS_CERTIFICATE' : 'CDN_ERROR_ORIGIN_WELL';
    return [{ code, facts: { ...base, ...origin } }];
  }
  const how = failure(sample.error, sample.status, sample.alert);
  const hop = place.hopKind === 'proxy' ? ('proxy' as const) : ('load-balancer' as const);
  const alike = failed.some((one) => known.fits.test(wordOf(one)));
  return alike
    ? [
        {
          code: 'CDN_ERROR_ORIGIN_ALIKE',
          hop,
          facts: { ...base, ...origin, originCount: failed.length, how, originHop: place.hopKind },
        },
      ]
    : [{ code: 'CDN_ERROR_ORIGIN_OTHERWISE', facts: { ...base, ...origin, originCount: failed.length, how } }];
}
