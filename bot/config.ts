import { TriageError } from '../diagnostics/errors.ts';
import { type Environment, readSharedConfig, type SharedConfig } from '../workers/config.ts';
import { type ModelConfig, readModelConfig } from './model/config.ts';

/** What the bot's process needs to know. The only reader of its environment. */
export interface BotConfig extends SharedConfig {
  botToken: string;
  /** Socket Mode when there is an app-level token, HTTP when there is a signing secret. */
  mode:
    | { kind: 'socket'; appToken: string }
    | { kind: 'http'; signingSecret: string; port: number; host: string | null };
  /** A stand-in for Slack; null: Slack itself. */
  slackApiUrl: string | null;
  /** The optional model; null: none. */
  model: ModelConfig | null;
  /** What Alertmanager's webhook must show; null or left out: no alerts are taken. */
  alertmanagerToken?: string | null;
}

const KINDS: Record<string, string> = {
  xoxb: 'a bot token',
  xoxp: "a user's token",
  xapp: 'an app-level token',
  xoxe: 'a refresh or expiring token',
  xoxa: 'a workspace token',
};

/** Reads the environment. Throws TriageError that names the key, before anything connects; never repeats a secret. */
export function readBotConfig(env: Environment = process.env): BotConfig {
  const shared = readSharedConfig(env);
  const botToken = token('SLACK_BOT_TOKEN', env.SLACK_BOT_TOKEN, 'xoxb');
  return Object.freeze({
    ...shared,
    botToken,
    mode: readMode(env, shared),
    slackApiUrl: readApiUrl(env.SLACK_API_URL),
    model: readModelConfig(env),
    alertmanagerToken: readAlertmanagerToken(env, shared),
  });
}

function readMode(env: Environment, shared: SharedConfig): BotConfig['mode'] {
  if (env.SLACK_APP_TOKEN) return { kind: 'socket', appToken: token('SLACK_APP_TOKEN', env.SLACK_APP_TOKEN, 'xapp') };
  const signingSecret = env.SLACK_SIGNING_SECRET;
  if (!signingSecret) {
    throw wrong(
      'SLACK_APP_TOKEN',
      'is not set, and SLACK_SIGNING_SECRET neither: set the first for Socket Mode, the second for HTTP',
    );
  }
  const kind = kindOf(signingSecret);
  if (kind !== null)
    throw wrong('SLACK_SIGNING_SECRET', `is ${kind}; the signing secret stands under Basic Information of the app`);
  const { port, host } = shared.file.slack;
  return { kind: 'http', signingSecret, port, host: host ?? null };
}

/** The shortest secret that is taken. */
const MIN_TOKEN = 16;

function readAlertmanagerToken(env: Environment, { file }: SharedConfig): string | null {
  const value = env.ALERTMANAGER_TOKEN;
  if (file.alertmanager === null) return null;
  if (!value)
    throw wrong('ALERTMANAGER_TOKEN', 'is not set, and CONFIG says `alertmanager`: no alert comes in without it');
  // Others do not come through a header as they are.
  if (!/^[\x21-\x7e]+$/.test(value) || value.length < MIN_TOKEN)
    throw wrong('ALERTMANAGER_TOKEN', `takes ${MIN_TOKEN} or more printable characters of ASCII, without white space`);
  return value;
}

function token(key: string, value: string | undefined, prefix: 'xoxb' | 'xapp'): string {
  if (!value) throw wrong(key, `is not set; it takes ${KINDS[prefix]} (${prefix}-…)`);
  if (value !== value.trim()) throw wrong(key, 'has white space around it');
  if (!value.startsWith(`${prefix}-`))
    throw wrong(key, `is ${kindOf(value) ?? 'no token of Slack'}; it takes ${KINDS[prefix]} (${prefix}-…)`);
  return value;
}

function kindOf(value: string): string | null {
  return KINDS[/^(xox[a-z]|xapp)-/.exec(value)?.[1] ?? ''] ?? null;
}

function readApiUrl(value: string | undefined): string | null {
  if (!value) return null;
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol)) throw wrong('SLACK_API_URL', 'is no http or https URL');
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}

function wrong(key: string, why: string): TriageError {
  return new TriageError('wrong-usage', `${key} ${why}`);
}

/** What the demo takes from the environment: a Redis of one's own, if any, and how much to log. */
export function readDemoEnvironment(env: Environment = process.env): {
  redisUrl: string | null;
  logLevel: SharedConfig['logLevel'];
} {
  const { redisUrl, logLevel } = readSharedConfig({ REDIS_URL: env.REDIS_URL, LOG_LEVEL: env.LOG_LEVEL ?? 'error' });
  return { redisUrl: env.REDIS_URL ? redisUrl : null, logLevel };
}
