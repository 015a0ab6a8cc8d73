import type { Judgement } from '../../diagnostics/judgement.ts';
import { percent } from '../../diagnostics/wording.ts';

/** Columns of equal width, as wide as their widest cell. */
function table(rows: string[][]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** The whole judgement as tables that a person can follow by hand. */
export function explainText(judgement: Judgement): string {
  const { scene, suspicions, chosen, answer, hop, cause, confidence, reckoning } = judgement;
  const met = [...new Set([...scene.front, ...scene.balancers, ...scene.replicas])].map((m) => [
    m.vantage,
    m.part ?? m.hop,
    m.address,
    `${m.ok} of ${m.total} answered`,
    m.failures.map((f) => `${f.count} x ${f.how}`).join(', '),
  ]);
  const endpoints = scene.endpoints.map((e) => [
    'endpoint',
    e.name,
    e.address,
    e.reached ? `${percent(1 - e.failing)} answered` : 'not reached from here',
    e.slowMs ? `slow: ${e.slowMs} ms` : '',
  ]);
  const findings = [...scene.findings]
    .sort((a, b) => a.direction.localeCompare(b.direction) || a.code.localeCompare(b.code))
    .map((f) => [f.direction, f.code, f.hop, f.about.part ?? f.about.hop, f.says]);
  const suspected = suspicions.map((s) => [
    s === chosen ? '->' : '',
    s.cause ?? '(no cause known)',
    s.hop,
    `mechanism ${s.strength}`,
    `explains ${percent(s.explains)} of what fails now`,
    s.fits ? 'fits the report' : 'not what was reported',
    [...new Set(s.because.map((f) => f.code))].join(', '),
  ]);
  const { symptoms } = scene.case;
  const lines = [
    `Case ${scene.case.id}: ${scene.case.target.host}:${scene.case.target.port}${scene.case.target.path}`,
    `Understood: ${symptoms.kinds.join(', ')}; ${symptoms.course}${symptoms.suspects.length ? `; accuses ${symptoms.suspects.join(', ')}` : ''}${scene.case.since ? `; since ${scene.case.since}` : ''}`,
    '',
    `1. What the request met (${scene.failing === null ? 'nothing could be asked' : `${percent(scene.failing)} of users' requests fail`})`,
    ...table([...met, ...endpoints]).map((line) => `   ${line}`),
    '',
    '2. Findings',
    ...table(findings).map((line) => `   ${line}`),
    '',
    '3. Blind looks (they count neither for nor against)',
    ...(scene.blind.length ? scene.blind.map((b) => `   ${b.check}: ${b.reason}: ${b.detail}`) : ['   none']),
    '',
    '4. Suspicions, first one wins: what explains most now, then the more specific',
    ...(suspected.length ? table(suspected).map((line) => `   ${line}`) : ['   none']),
    '',
    '5. Reckoning',
    ...reckoning.map((line) => `   ${line}`),
    `   = ${confidence}: ${answer}, hop ${hop ?? 'unknown'}, cause ${cause ?? 'unknown'}`,
  ];
  return `${lines.join('\n')}\n`;
}
