import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** One request as the service gets it. */
export interface Received {
  path: string;
  /** The whole body, as text: what left the process. */
  raw: string;
  body: {
    instructions?: string;
    input?: { role: string; content: string }[];
    messages?: { role: string; content: string }[];
    text?: { format: { schema: object } };
    response_format?: { json_schema: { schema: object } };
    store?: boolean;
  };
  /** What others said, in either of the two shapes. */
  input: string;
}

/** What the service does with a request. */
export type Reply =
  | { json: unknown; tokens?: number }
  | { text: string }
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | { refusal: string }
  | { incomplete: string }
  | 'hang'
  | 'drop'
  | 'endless';

export interface MockModel {
  baseUrl: string;
  received: Received[];
  /** What it does next; stays until it is changed. */
  reply: (with_: Reply | ((request: Received) => Reply)) => void;
}

/**
 * A service with the Responses API and chat completions, on loopback, in the shapes of openai 7 (field `output` with
 * messages of `output_text` or `refusal`; `choices` with `finish_reason`). Gone with the test.
 */
export async function mockModel(t: TestContext | { after: (end: () => unknown) => void }): Promise<MockModel> {
  let reply: (request: Received) => Reply = () => ({ status: 500 });
  const received: Received[] = [];
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks).toString('utf8');
    const body = JSON.parse(raw || '{}') as Received['body'];
    const input = (body.input ?? body.messages?.filter(({ role }) => role === 'user') ?? [])
      .map(({ content }) => content)
      .join('\n');
    const one = { path: request.url ?? '', raw, body, input };
    received.push(one);
    answer(one, reply(one), response);
  }

  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    received,
    reply(with_) {
      reply = typeof with_ === 'function' ? with_ : () => with_;
    },
  };
}

function answer(request: Received, what: Reply, response: ServerResponse): void {
  if (what === 'hang') return;
  if (what === 'drop') return void response.socket?.destroy();
  if (what === 'endless') {
    response.writeHead(200, { 'content-type': 'application/json' });
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
    return;
  }
  if ('status' in what) {
    response.writeHead(what.status, { 'content-type': 'application/json', ...what.headers });
    return void response.end(JSON.stringify(what.body ?? { error: { message: 'no', type: 'x', code: null } }));
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(request.path.endsWith('/chat/completions') ? chat(what) : responses(what)));
}

type Whole = Exclude<Reply, string | { status: number }>;
const textOf = (what: Whole): string => {
  if ('json' in what) return JSON.stringify(what.json);
  if ('text' in what) return what.text;
  return 'refusal' in what ? what.refusal : what.incomplete;
};

function responses(what: Whole): object {
  const content =
    'refusal' in what
      ? { type: 'refusal', refusal: what.refusal }
      : { type: 'output_text', text: textOf(what), annotations: [] };
  const half = 'incomplete' in what;
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    model: 'mock',
    status: half ? 'incomplete' : 'completed',
    incomplete_details: half ? { reason: 'max_output_tokens' } : null,
    error: null,
    output: [
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: half ? 'incomplete' : 'completed',
        content: [content],
      },
    ],
    usage: usage(what),
  };
}

function usage(what: Whole): object {
  const total = ('json' in what ? what.tokens : undefined) ?? 120;
  return { input_tokens: total - 20, output_tokens: 20, total_tokens: total };
}

function chat(what: Whole): object {
  const refused = 'refusal' in what;
  return {
    id: 'chat_1',
    object: 'chat.completion',
    created: 1,
    model: 'mock',
    choices: [
      {
        index: 0,
        finish_reason: 'incomplete' in what ? 'length' : 'stop',
        logprobs: null,
        message: { role: 'assistant', content: refused ? null : textOf(what), refusal: refused ? what.refusal : null },
      },
    ],
    usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
  };
}
