import type { KnownBlock } from '@slack/types';
import type { EndpointShares } from '../../diagnostics/io/proxy-reader.ts';
import type { Change, EvidenceRow, Verdict } from '../../diagnostics/types.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import { context, section } from '../blocks/message.ts';
import { plain } from '../blocks/mrkdwn.ts';
import { type Bars, barsSvg } from './bars.ts';
import { pathText } from './path.ts';
import { timelineOfCase } from './sources.ts';
import { timelineSvg } from './svg.ts';
import { type Picture, pictureBlock } from './upload.ts';
import { barLines, timelineWords } from './words.ts';

/** What there is to look at in a case: always in words, and a picture where one shows more. */
export interface CasePictures {
  /** The path with the broken hop, escaped; empty: no path is known. */
  path: string;
  /** Failures over time; null: nobody counted them over time. */
  overTime: Picture | null;
  /** Requests by endpoint, lines of escaped text; `picture` where their balance is part of the answer. */
  endpoints: { title: string; lines: string[]; picture: Picture | null }[];
}

/** Findings that are about how requests are spread. */
const SPREAD = /^(ENDPOINT_SHARE_SKEWED|PINNED_CONNECTIONS|LATE_JOINER|ZONE_IMBALANCE)$/;
const MOST_SERVICES = 2;
const MOST_ENDPOINTS = 20;
const MOST_LINES = 8;

/** Pure: what a case's evidence shows to the eye. */
export function picturesOf(
  record: CaseRecord,
  verdict: Verdict,
  seen: { evidence: readonly EvidenceRow[]; changes: readonly Change[] } | null,
): CasePictures {
  const timeline = seen === null ? null : timelineOfCase(seen.evidence, seen.changes, verdict);
  const isSpread = verdict.findings.some((finding) => SPREAD.test(finding.code));
  return {
    path: pathText(record, verdict),
    overTime: timeline && { svg: timelineSvg(timeline), alt: timelineWords(timeline) },
    endpoints: (seen === null ? [] : barsOfEndpoints(seen.evidence)).map((bars) => {
      const lines = barLines({ ...bars, groups: bars.groups.map((one) => ({ ...one, name: plain(one.name) })) });
      const more = lines.length > MOST_LINES ? [`and ${lines.length - MOST_LINES} more`] : [];
      const alt = `${bars.title}. ${bars.groups.map(({ name, values }) => `${name} ${values[0]}`).join(', ')}.`;
      const picture = isSpread ? { svg: barsSvg(bars), alt } : null;
      return { title: plain(bars.title), lines: [...lines.slice(0, MOST_LINES), ...more], picture };
    }),
  };
}

/** Pure: requests by endpoint of each service that was counted, busiest first. */
function barsOfEndpoints(evidence: readonly EvidenceRow[]): Bars[] {
  const found = evidence.flatMap((row): Bars[] => {
    if (row.look.check !== 'endpoint-balance' || row.blind) return [];
    const { service, shares } = row.data as unknown as { service: string; shares: EndpointShares };
    const counted = shares.endpoints.toSorted((a, b) => b.requests - a.requests);
    const all = counted.reduce((sum, { requests }) => sum + requests, 0);
    if (counted.length < 2 || all === 0) return [];
    const unit = shares.unit === 'connections' ? 'Connections' : 'Requests';
    const by = row.look.at.part ?? row.look.at.hop;
    const groups = counted.slice(0, MOST_ENDPOINTS).map((one) => ({ name: one.address, values: [one.requests] }));
    return [
      {
        title: `${unit} by endpoint of ${service}, ${all.toLocaleString('en-US')} counted by ${by}`,
        series: [unit],
        groups,
      },
    ];
  });
  return found.slice(0, MOST_SERVICES);
}

/** All pictures that a case would show. */
export const drawable = (one: CasePictures): Picture[] =>
  [one.overTime, ...one.endpoints.map(({ picture }) => picture)].filter((picture) => picture !== null);

/** Pure: blocks for a modal; `ids`: files of pictures that are uploaded, by their SVG. The words stand there with and without them. */
export function pictureBlocks(one: CasePictures, ids: ReadonlyMap<string, string>): KnownBlock[] {
  const shown = (picture: Picture | null): KnownBlock[] => {
    const id = picture === null ? undefined : ids.get(picture.svg);
    return picture === null || id === undefined ? [] : [pictureBlock(id, picture.alt)];
  };
  return [
    ...(one.path === '' ? [] : [section(one.path)]),
    ...(one.overTime === null ? [] : [...shown(one.overTime), context(plain(one.overTime.alt))]),
    ...one.endpoints.flatMap(({ title, lines, picture }) => {
      return [...shown(picture), section(`*${title}*\n${lines.join('\n')}`)];
    }),
  ];
}
