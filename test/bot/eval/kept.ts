import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Incident } from '../../../bot/eval/incident.ts';
import { CAUSES, type CauseId } from '../../../diagnostics/causes.ts';
import { type Judged, judge } from '../../../diagnostics/judge.ts';
import { INGRESS_HOPS, type SavedCase } from '../../../diagnostics/types.ts';

/** A real case of a cause, as it was looked at once, with what is expected of it. */
export function keptCase(cause: CauseId): { incident: Incident; saved: SavedCase } {
  const file = new URL(`../../diagnostics/golden/${cause}.json.gz`, import.meta.url);
  const judged = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Judged & { incident: string };
  const { case: triage, path, evidence, changes } = judged;
  const hop = CAUSES[cause].hop;
  const answer = INGRESS_HOPS.some((one) => one === hop) ? 'ingress' : 'not-ingress';
  const incident: Incident = {
    id: judged.incident,
    title: cause,
    source: 'a world of test/incidents',
    report: triage.report ?? triage.target.host,
    expect: { answer: [answer], hop: [hop], cause: [cause] },
    folder: '/nowhere',
  };
  return { incident, saved: { version: 1, case: triage, path, evidence, changes, verdict: judge(judged) } };
}
