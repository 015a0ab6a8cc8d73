import { destination, type Logger, pino } from 'pino';

/** Logs are JSON lines on stderr. What could open a door or name a person's client is cut out, wherever it stands. */
export function createLog(level: string, name: string): Logger {
  const secret = [
    'token',
    'botToken',
    'appToken',
    'signingSecret',
    'password',
    'authorization',
    'cookie',
    'responseUrl',
  ];
  return pino(
    { level, name, redact: { paths: secret.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' } },
    destination({ fd: 2, sync: true }),
  );
}
