import { createContext, runInContext } from 'node:vm';

const LONGEST = 2_000;
/** Longest that one pattern may think, ms. */
const PATIENCE_MS = 25;
const sandbox = createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });

/**
 * Does a pattern that a configuration holds fit the text? null: it cannot be told, because JavaScript does not share
 * its syntax (PCRE, RE2), or because it would take for ever. RE2 cannot blow up, JavaScript's engine can: so a clock
 * stops it, which only `vm` offers.
 */
export function fits(pattern: string, text: string, flags: '' | 'i' = ''): boolean | null {
  if (pattern.length > LONGEST || text.length > LONGEST) return null;
  try {
    const program = `new RegExp(${JSON.stringify(pattern)}, ${JSON.stringify(flags)}).test(${JSON.stringify(text)})`;
    return runInContext(program, sandbox, { timeout: PATIENCE_MS }) === true;
  } catch {
    return null;
  }
}
