import { CHECKS } from '../../diagnostics/checks/index.ts';
import { printJson, readArgs } from './options.ts';

/** Every check as others read it (DESIGN 4.10). */
export function checkList(): {
  check: string;
  title: string;
  asks: string;
  vantages: readonly string[];
  findings: { code: string; direction: string; hop: string; title: string }[];
}[] {
  return CHECKS.map((check) => ({
    check: check.id,
    title: check.title,
    asks: check.asks,
    vantages: check.vantages,
    findings: Object.entries(check.findings).map(([code, { direction, hop, title }]) => ({
      code,
      direction,
      hop,
      title,
    })),
  }));
}

/** `./dev checks`: lists every check with its finding codes. */
export async function checks(args: string[]): Promise<number> {
  const { values } = readArgs(args, './dev checks [--json]', { json: { type: 'boolean' } }, { min: 0, max: 0 });
  const list = checkList();
  if (values.json) {
    printJson(list);
    return 0;
  }
  for (const { check, asks, findings } of list) {
    process.stdout.write(
      `${check}: ${asks}\n${findings.map((f) => `  ${f.code.padEnd(30)} ${f.direction.padEnd(10)} ${f.title}`).join('\n')}\n`,
    );
  }
  return 0;
}
