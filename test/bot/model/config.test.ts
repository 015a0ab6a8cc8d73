import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readModelConfig } from '../../../bot/model/config.ts';
import { createModel } from '../../../bot/model/model.ts';
import { TriageError } from '../../../diagnostics/errors.ts';

test('off unless a key or a base URL is set', () => {
  assert.equal(readModelConfig({}), null);
  assert.equal(readModelConfig({ OPENAI_API_KEY: '', OPENAI_BASE_URL: '', OPENAI_MODEL: 'gpt' }), null);
  assert.equal(createModel(null, {} as never), null);
  assert.deepEqual(readModelConfig({ OPENAI_API_KEY: 'sk-1' }), { apiKey: 'sk-1', baseUrl: null, model: 'gpt-5-mini' });
  assert.deepEqual(readModelConfig({ OPENAI_BASE_URL: 'http://ollama:11434/v1/', OPENAI_MODEL: 'qwen3:8b' }), {
    apiKey: 'none',
    baseUrl: 'http://ollama:11434/v1',
    model: 'qwen3:8b',
  });
});

const wrong: [string, Record<string, string>, RegExp][] = [
  ['a key with a line break', { OPENAI_API_KEY: 'sk-very-secret\n' }, /^OPENAI_API_KEY holds white space/],
  ['a token of Slack', { OPENAI_API_KEY: 'xoxb-very-secret' }, /^OPENAI_API_KEY is a token of Slack/],
  ['no URL', { OPENAI_BASE_URL: 'ollama:11434' }, /^OPENAI_BASE_URL is no http or https URL/],
  ['a file', { OPENAI_BASE_URL: 'file:///etc/very-secret' }, /^OPENAI_BASE_URL is no http/],
  ['a password', { OPENAI_BASE_URL: 'https://me:very-secret@gateway/v1' }, /^OPENAI_BASE_URL holds a name or password/],
  ['a query', { OPENAI_BASE_URL: 'https://gateway/v1?key=very-secret' }, /^OPENAI_BASE_URL has a query/],
  ['no name', { OPENAI_API_KEY: 'sk-1', OPENAI_MODEL: 'a model' }, /^OPENAI_MODEL is no name of a model/],
];
for (const [what, env, message] of wrong) {
  test(`${what} stops the start, named and not repeated`, () => {
    assert.throws(
      () => readModelConfig(env),
      (error: unknown) =>
        error instanceof TriageError && message.test(error.message) && !/very-secret/.test(error.message),
    );
  });
}
