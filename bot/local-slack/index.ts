import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { installApp } from './apps.ts';
import { ResponseUrls, Triggers } from './capabilities.ts';
import { createClock } from './clock.ts';
import { type Control, createControl } from './control.ts';
import type { Core } from './core.ts';
import { Delivery } from './delivery.ts';
import { startEvents } from './events.ts';
import { Failures } from './failures.ts';
import { Files } from './files.ts';
import { Interactions } from './interactions.ts';
import { defaultManifest, readManifest } from './manifest.ts';
import { PageStream } from './page-stream.ts';
import { RateLimits } from './rate-limits.ts';
import { verifyRequestUrl } from './request-url.ts';
import { createLocalServer } from './server.ts';
import { Sockets } from './sockets.ts';
import { type Panel, slackTiming, type Timing } from './types.ts';
import { Views } from './views.ts';
import { Workspace } from './workspace.ts';

export type { Control, SayOptions, Stats } from './control.ts';
export type { FailMode } from './failures.ts';
export type { ActResult, Which } from './interactions.ts';
export { defaultManifest, type Manifest } from './manifest.ts';
export type { DisconnectReason, SocketInfo } from './sockets.ts';
export { sign } from './transport.ts';
export {
  type ApiCall,
  type Channel,
  type DeliveryAttempt,
  type Ephemeral,
  type Message,
  type Panel,
  type PanelItem,
  type PanelState,
  slackTiming,
  type Timing,
  type User,
  type View,
} from './types.ts';

export interface LocalSlackOptions {
  /** The port on 127.0.0.1; a free one unless given. */
  port?: number;
  /** The app's manifest as its YAML reads; {@link defaultManifest} unless given. */
  manifest?: unknown;
  /** Overrides the manifest: `socket` or `http`. */
  mode?: 'socket' | 'http';
  /** HTTP mode: where everything is posted to. `setRequestUrl` also verifies it. */
  requestUrl?: string;
  /** Grant the scopes too that the manifest calls optional. */
  grantOptional?: boolean;
  /** `real` refuses calls over Slack's rate limits, `off` only counts them. */
  limits?: 'real' | 'off';
  /** Shorter durations for tests. */
  timing?: Partial<Timing>;
  /** Milliseconds since 1970; the system's clock unless given. */
  now?: () => number;
  /** The workspace's name on the page. */
  name?: string;
  users?: { name: string; realName?: string; title?: string; tz?: string }[];
  channels?: { name: string; topic?: string; private?: boolean; withBot?: boolean }[];
  /** A side panel on the page. */
  panel?: Panel;
}

/** A running local workspace: a stand-in for Slack's API, events and page. */
export interface LocalSlack extends Control {
  /** `http://127.0.0.1:PORT`: the page. */
  url: string;
  /** The base of the Web API, for `slackApiUrl`. */
  apiUrl: string;
  botToken: string;
  appToken: string;
  signingSecret: string;
  teamId: string;
  appId: string;
  botUserId: string;
  botId: string;
  /** Ends everything: sockets, timers, open requests. */
  close(): Promise<void>;
}

/** Several people with different jobs, so that a thread has sides. */
const defaultUsers = [
  { name: 'maya', realName: 'Maya Lindqvist', title: 'Platform engineer, on call', tz: 'Europe/Berlin' },
  { name: 'tom', realName: 'Tom Okafor', title: 'Shop team', tz: 'Europe/London' },
  { name: 'priya', realName: 'Priya Raman', title: 'Data and Metabase', tz: 'Asia/Kolkata' },
  { name: 'jonas', realName: 'Jonas Weber', title: 'Warehouse systems', tz: 'Europe/Berlin' },
  { name: 'ana', realName: 'Ana Duarte', title: 'Customer support', tz: 'America/Sao_Paulo' },
];

const defaultChannels: NonNullable<LocalSlackOptions['channels']> = [
  { name: 'major-system-issues', topic: 'Something is broken? Say it here.' },
  { name: 'platform', topic: 'Ingress, clusters, load balancers' },
  { name: 'rollouts', topic: 'What changes when' },
  { name: 'random', topic: 'Everything else', withBot: false },
];

/**
 * Starts a local workspace with one installed app.
 * @throws Error if the manifest is wrong or the port is taken
 */
export async function startLocalSlack(options: LocalSlackOptions = {}): Promise<LocalSlack> {
  const clock = createClock(options.now);
  const timing: Timing = { ...slackTiming, ...options.timing };
  const workspace = new Workspace(clock, options.name ?? 'Local workspace');
  for (const user of options.users ?? defaultUsers) workspace.addUser(user);

  const config = readManifest(options.manifest ?? defaultManifest);
  if (options.mode) config.socketMode = options.mode === 'socket';
  const app = installApp(workspace, config, options.grantOptional);
  useRequestUrl(options.requestUrl);
  for (const { name, topic, private: hidden, withBot = true } of options.channels ?? defaultChannels) {
    const channel = workspace.addChannel({ name, topic, kind: hidden ? 'private' : 'public' });
    if (withBot) channel.members.add(app.botUserId);
  }

  const sockets = new Sockets(workspace, timing);
  const core: Core = {
    url: '',
    workspace,
    clock,
    timing,
    app,
    apps: new Map([[app.id, app]]),
    triggers: new Triggers(clock, timing),
    responseUrls: new ResponseUrls(clock, timing),
    views: new Views(workspace),
    files: new Files(workspace),
    limits: new RateLimits(clock),
    refuseOverLimit: options.limits !== 'off',
    failures: new Failures(),
    calls: [],
    issueSocketUrl: (of) => `${core.url.replace(/^http/, 'ws')}/link/?${sockets.issueTicket(of)}`,
  };
  const delivery = new Delivery(core, sockets);
  const stopEvents = startEvents(core, delivery);
  const interactions = new Interactions(core, delivery);
  const waiting = new Set<() => void>();
  const control = createControl(core, { delivery, sockets, interactions, setRequestUrl, waiting });
  const pages = new PageStream(core, options.panel);

  const server = createLocalServer({ core, control, pages, panel: options.panel });
  server.on('upgrade', (req, socket, head) => sockets.accept(req, socket, head));
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  core.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function useRequestUrl(url: string | undefined): void {
    if (!url) return;
    config.eventsUrl = url;
    config.interactivityUrl = url;
    for (const command of config.commands) command.url = url;
  }

  async function setRequestUrl(url: string): Promise<void> {
    if (config.socketMode) throw new Error('the app is in Socket Mode: start with mode http');
    await verifyRequestUrl(clock, app, url, timing.ackMs);
    useRequestUrl(url);
  }

  async function close(): Promise<void> {
    stopEvents();
    for (const giveUp of [...waiting]) giveUp();
    delivery.close();
    pages.close();
    await sockets.close();
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  return {
    ...control,
    url: core.url,
    apiUrl: `${core.url}/api/`,
    botToken: app.botToken,
    appToken: app.appToken,
    signingSecret: app.signingSecret,
    teamId: workspace.team.id,
    appId: app.id,
    botUserId: app.botUserId,
    botId: app.botId,
    close,
  };
}
