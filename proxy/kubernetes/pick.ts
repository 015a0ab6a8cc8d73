/** Careful hands for raw JSON: what is not of the wanted kind is null or empty, and nothing throws. */

export type Raw = { [key: string]: unknown };
export const raw = (value: unknown): Raw => (typeof value === 'object' && value !== null ? (value as Raw) : {});
export const list = (value: unknown): Raw[] => (Array.isArray(value) ? value.map(raw) : []);
export const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
export const words = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((v): v is string => typeof v === 'string') : [];
export const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
export const flag = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);
export const scalar = (value: unknown): string | null => (value === undefined || value === null ? null : String(value));

/** String values of a map that are no longer than that; tools' own copies of the whole object are left out. */
export function pairs(value: unknown, longest = 2_000): { [key: string]: string } {
  const out: { [key: string]: string } = {};
  for (const [key, v] of Object.entries(raw(value)))
    if (typeof v === 'string' && v.length <= longest && !key.endsWith('/last-applied-configuration')) out[key] = v;
  return out;
}
