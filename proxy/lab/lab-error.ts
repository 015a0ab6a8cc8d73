/** The lab could not do what it was asked for; `missing` names the part that this machine lacks, when that is why. */
export class LabError extends Error {
  override name = 'LabError';
  readonly missing: string | null;
  constructor(message: string, options: { missing?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.missing = options.missing ?? null;
  }
}
