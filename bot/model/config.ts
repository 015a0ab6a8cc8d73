import { TriageError } from '../../diagnostics/errors.ts';
import type { Environment } from '../../workers/config.ts';

/** Where the model is, and by what name. */
export interface ModelConfig {
  /** Gateways that need no key still get one: the client refuses to start without. */
  apiKey: string;
  /** With the version, such as `https://api.openai.com/v1`; null: OpenAI itself. */
  baseUrl: string | null;
  model: string;
}

/** What the model may cost and how long it may take. `calls` and `tokens` are per UTC day, over all processes. */
export interface ModelLimits {
  calls: number;
  tokens: number;
  /** For one text in all, with retries, ms. */
  deadlineMs: number;
}

/** Enough for a few cases an hour, and little enough that a storm of reports costs cents. */
export const MODEL_LIMITS: ModelLimits = { calls: 500, tokens: 1_000_000, deadlineMs: 8000 };

/** Small and quick: nothing that is asked of it needs more. */
const DEFAULT_MODEL = 'gpt-5-mini';

/**
 * Reads OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL. Null: off, since neither a key nor a base URL is set.
 * Throws TriageError that names the key and never repeats a secret.
 */
export function readModelConfig(env: Environment): ModelConfig | null {
  const { OPENAI_API_KEY: key = '', OPENAI_BASE_URL: base = '', OPENAI_MODEL: model = '' } = env;
  if (key === '' && base === '') return null;
  if (/[^\x21-\x7e]/.test(key)) throw wrong('OPENAI_API_KEY', 'holds white space or a letter that no header may carry');
  if (/^xox|^xapp-/.test(key)) throw wrong('OPENAI_API_KEY', 'is a token of Slack');
  if (!/^[\w./:@+-]{0,200}$/.test(model)) throw wrong('OPENAI_MODEL', 'is no name of a model');
  return Object.freeze({
    apiKey: key || 'none',
    baseUrl: base === '' ? null : readBaseUrl(base),
    model: model || DEFAULT_MODEL,
  });
}

function readBaseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw wrong('OPENAI_BASE_URL', 'is no http or https URL');
  if (url.username || url.password)
    throw wrong('OPENAI_BASE_URL', 'holds a name or password; the key belongs into OPENAI_API_KEY');
  if (url.search || url.hash)
    throw wrong('OPENAI_BASE_URL', 'has a query or fragment; it ends with its path, as in /v1');
  return url.href.replace(/\/+$/, '');
}

function wrong(key: string, why: string): TriageError {
  return new TriageError('wrong-usage', `${key} ${why}`);
}
