/** Careful hands for plain data of others (JSON, YAML): it is what it is, whatever it claims to be, and nothing throws. */

/** An object of plain data. */
export type Tree = { [key: string]: unknown };

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a value is, if it is that: else the empty thing. */
export const record = (value: unknown): Tree => (isTree(value) ? value : {});
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const records = (value: unknown): Tree[] => list(value).map(record);
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
export const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
