import type { ResponseUrls, Triggers } from './capabilities.ts';
import type { Clock } from './clock.ts';
import type { Failures } from './failures.ts';
import type { Files } from './files.ts';
import type { RateLimits } from './rate-limits.ts';
import type { ApiCall, App, Timing } from './types.ts';
import type { Views } from './views.ts';
import type { Workspace } from './workspace.ts';

/** The parts of one local workspace, put together in `index.ts`. */
export interface Core {
  /** `http://127.0.0.1:PORT`; known once the server listens. */
  url: string;
  readonly workspace: Workspace;
  readonly clock: Clock;
  readonly timing: Timing;
  /** The app under test. */
  readonly app: App;
  /** All apps by id: the one under test and other bots. */
  readonly apps: Map<string, App>;
  readonly triggers: Triggers;
  readonly responseUrls: ResponseUrls;
  readonly views: Views;
  readonly files: Files;
  readonly limits: RateLimits;
  /** Whether a broken limit is answered with 429, or only counted. */
  readonly refuseOverLimit: boolean;
  readonly failures: Failures;
  readonly calls: ApiCall[];
  /** A URL at which an app may open a Socket Mode connection once. */
  issueSocketUrl(app: App): string;
}

const maxCalls = 5_000;

export function logCall(core: Core, call: ApiCall): void {
  core.calls.push(call);
  if (core.calls.length > maxCalls) core.calls.shift();
  core.workspace.announce({ type: 'call' });
}
