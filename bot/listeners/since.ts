const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** What stands behind `since=`: `30m`, `4h`, `2d` or an ISO time in the past. Null: not understood. */
export function readSince(text: string, now: number): string | null {
  const span = /^(\d{1,5})([mhd])$/.exec(text);
  if (span) {
    const at = now - Number(span[1]) * UNITS[span[2] as keyof typeof UNITS];
    return at > now - 366 * UNITS.d ? new Date(at).toISOString() : null;
  }
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text)) return null;
  // A time without a zone is read as UTC, as all times here are said in UTC.
  const at = Date.parse(/T.*(Z|[+-]\d{2}:?\d{2})$/.test(text) || !text.includes('T') ? text : `${text}Z`);
  return Number.isNaN(at) || at > now + 60_000 ? null : new Date(Math.min(at, now)).toISOString();
}

/** Takes `since=…` out of a text. */
export function splitSince(text: string): { text: string; since: string | null } {
  const found = /(?:^|\s)since=(\S*)/i.exec(text);
  if (!found) return { text: text.trim(), since: null };
  return {
    text: `${text.slice(0, found.index)} ${text.slice(found.index + found[0].length)}`.trim(),
    since: found[1] ?? '',
  };
}
