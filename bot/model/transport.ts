import type { OpenAI } from 'openai';
import type { z } from 'zod';
import { boundedFetch } from './bounded-fetch.ts';
import type { ModelConfig } from './config.ts';

/** One question to the model: what we say, what others said, and the shape of the answer. */
export interface Ask<T> {
  /** Ours alone: a constant of this repository. */
  instructions: string;
  /** Untrusted: data, as JSON. */
  input: string;
  /** Nullable fields instead of optional ones: the service's strict mode demands it. */
  schema: z.ZodType<T>;
  name: string;
  maxOutputTokens: number;
}

/** What came back. `value` null: it refused, or stopped half way. */
export interface Said<T> {
  value: T | null;
  why: 'ok' | 'refused' | 'incomplete';
  /** Input and output together; null: it does not say. */
  tokens: number | null;
}

/** Asks once. Rejects with what the client throws: APIError, APIUserAbortError, SyntaxError, ZodError. */
export type Transport = <T>(ask: Ask<T>, signal: AbortSignal) => Promise<Said<T>>;

/**
 * The client behind one function. It speaks the Responses API and, where that is not found, chat completions, which is then
 * remembered: many gateways know only those. The package is loaded at the first call.
 */
export function createTransport(config: ModelConfig): Transport {
  let client: Promise<Client> | null = null;
  let speaks: 'unknown' | 'responses' | 'chat' = 'unknown';
  return async (ask, signal) => {
    client ??= load(config);
    const loaded = await client;
    if (speaks === 'chat') return askChat(loaded, config.model, ask, signal);
    try {
      const said = await askResponses(loaded, config.model, ask, signal);
      speaks = 'responses';
      return said;
    } catch (error) {
      if (speaks === 'responses' || !loaded.isMissing(error)) throw error;
      const said = await askChat(loaded, config.model, ask, signal);
      speaks = 'chat';
      return said;
    }
  };
}

interface Client {
  openai: OpenAI;
  /** The path is not known there. A model that is not known is told with the same status, but with a code. */
  isMissing: (error: unknown) => boolean;
  textFormat: typeof import('openai/helpers/zod').zodTextFormat;
  responseFormat: typeof import('openai/helpers/zod').zodResponseFormat;
}

async function load(config: ModelConfig): Promise<Client> {
  const [{ OpenAI, APIError }, { zodTextFormat, zodResponseFormat }] = await Promise.all([
    import('openai'),
    import('openai/helpers/zod'),
  ]);
  return {
    openai: new OpenAI({
      apiKey: config.apiKey,
      baseURL: config.baseUrl ?? 'https://api.openai.com/v1',
      // Nothing else is taken from the environment, and nothing of a question reaches a log.
      organization: null,
      project: null,
      logLevel: 'off',
      // Waits and retries end with the caller's signal; here is only what a single lost connection costs.
      maxRetries: 1,
      fetch: boundedFetch,
    }),
    isMissing: (error) =>
      error instanceof APIError && [404, 405, 501].includes(error.status ?? 0) && error.code !== 'model_not_found',
    textFormat: zodTextFormat,
    responseFormat: zodResponseFormat,
  };
}

async function askResponses<T>(client: Client, model: string, ask: Ask<T>, signal: AbortSignal): Promise<Said<T>> {
  const answer = await client.openai.responses.parse(
    {
      model,
      instructions: ask.instructions,
      input: [{ role: 'user', content: ask.input }],
      text: { format: client.textFormat(ask.schema, ask.name) },
      max_output_tokens: ask.maxOutputTokens,
      // The service keeps no copy for later requests.
      store: false,
    },
    { signal },
  );
  const tokens = answer.usage?.total_tokens ?? null;
  // Half an answer and a refusal are no errors for the client: they are only told apart by the status.
  if (answer.status !== undefined && answer.status !== 'completed') return { value: null, why: 'incomplete', tokens };
  const value = answer.output_parsed;
  return value === null ? { value: null, why: 'refused', tokens } : { value: value as T, why: 'ok', tokens };
}

async function askChat<T>(client: Client, model: string, ask: Ask<T>, signal: AbortSignal): Promise<Said<T>> {
  const answer = await client.openai.chat.completions.parse(
    {
      model,
      messages: [
        { role: 'system', content: ask.instructions },
        { role: 'user', content: ask.input },
      ],
      response_format: client.responseFormat(ask.schema, ask.name),
      // Deprecated by OpenAI itself, and the only name that older gateways know; OpenAI has the Responses API.
      max_tokens: ask.maxOutputTokens,
    },
    { signal },
  );
  const tokens = answer.usage?.total_tokens ?? null;
  const choice = answer.choices[0];
  if (choice === undefined) return { value: null, why: 'incomplete', tokens };
  if (choice.message.refusal) return { value: null, why: 'refused', tokens };
  if (choice.finish_reason !== 'stop') return { value: null, why: 'incomplete', tokens };
  const value = choice.message.parsed;
  return value === null ? { value: null, why: 'refused', tokens } : { value: value as T, why: 'ok', tokens };
}
