import type { ServerResponse } from 'node:http';
import type { Core } from './core.ts';
import { colorOf } from './shapes.ts';
import type { Change, Fields, Panel, PanelState } from './types.ts';

/** What the page loads of each channel; older messages stay in the workspace. */
const shownMessages = 300;
const maxStreams = 50;

/** Keeps open pages up to date by server-sent events. */
export class PageStream {
  readonly #core: Core;
  readonly #panel: Panel | undefined;
  readonly #streams = new Map<ServerResponse, string>();
  readonly #stops: (() => void)[] = [];

  constructor(core: Core, panel: Panel | undefined) {
    this.#core = core;
    this.#panel = panel;
    this.#stops.push(core.workspace.onChange((change) => this.#tell(change)));
    const stop = panel?.subscribe?.(() => void this.tellPanel());
    if (stop) this.#stops.push(stop);
  }

  /** Everything that a person's page shows at its start. */
  async snapshot(userRef: string): Promise<Fields> {
    const { workspace, views, apps, app } = this.#core;
    const me = { id: this.#personOf(userRef) };
    const direct = app.config.homeTab ? workspace.openDirect(me.id, app.botUserId, app.config.name).id : null;
    const channels = [...workspace.channels.values()].filter((c) => c.kind === 'public' || c.members.has(me.id));
    return {
      team: workspace.team,
      me: me.id,
      users: [...workspace.users.values()].map((user) => this.#user(user.id)),
      channels: channels.map((channel) => this.#channel(channel.id)),
      messages: Object.fromEntries(channels.map((channel) => [channel.id, channel.messages.slice(-shownMessages)])),
      ephemerals: workspace.ephemerals.filter((e) => e.user === me.id).slice(-50),
      app: {
        id: app.id,
        botUserId: app.botUserId,
        name: app.config.name,
        homeTab: app.config.homeTab,
        direct,
      },
      commands: [...apps.values()].flatMap((a) =>
        a.config.commands.map(({ command, description, hint }) => ({ command, description, hint })),
      ),
      shortcuts: [...apps.values()].flatMap((a) => a.config.shortcuts),
      home: views.home(me.id),
      view: views.open(me.id),
      panel: await this.#panelState(),
    };
  }

  /** The person that a page names; the first one if it names nobody. */
  #personOf(ref: string): string {
    const { users } = this.#core.workspace;
    const person = this.#core.workspace.findUser(ref) ?? [...users.values()].find((user) => !user.isBot);
    return person?.id ?? '';
  }

  /** Adds an open page of a person. */
  open(user: string, res: ServerResponse): void {
    if (this.#streams.size >= maxStreams) return void res.writeHead(503).end();
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    res.write('retry: 1000\n\n');
    this.#streams.set(res, this.#personOf(user));
    res.on('close', () => this.#streams.delete(res));
  }

  #user(id: string): Fields {
    const user = this.#core.workspace.users.get(id);
    return { ...user, color: colorOf(id) };
  }

  #channel(id: string): Fields {
    const channel = this.#core.workspace.channels.get(id);
    if (!channel) return {};
    const { messages: _, members, ...rest } = channel;
    return { ...rest, members: members.size, withBot: members.has(this.#core.app.botUserId) };
  }

  #tell(change: Change): void {
    switch (change.type) {
      case 'message':
      case 'message_changed':
        this.#sendTo(change.channel, 'message', { channel: change.channel, message: change.message });
        return;
      case 'message_deleted':
        this.#sendTo(change.channel, 'message_deleted', { channel: change.channel, ts: change.ts });
        return;
      case 'reaction': {
        const channel = this.#core.workspace.channels.get(change.channel);
        const message = channel && this.#core.workspace.findMessage(channel, change.ts);
        if (message) this.#sendTo(change.channel, 'message', { channel: change.channel, message });
        return;
      }
      case 'ephemeral':
        this.#send(change.ephemeral.user, 'ephemeral', { ephemeral: change.ephemeral });
        return;
      case 'ephemeral_deleted':
        this.#send(change.user, 'ephemeral_deleted', { channel: change.channel, ts: change.ts });
        return;
      case 'channel':
      case 'member':
        this.#sendTo(change.channel, 'channel', { channel: this.#channel(change.channel) });
        return;
      case 'user':
        this.#send(null, 'user', { user: this.#user(change.user) });
        return;
      case 'view':
        this.#send(change.user, 'view', { view: change.view, errors: change.errors ?? null });
        return;
      case 'home':
        this.#send(change.user, 'home', { view: change.view });
        return;
      default:
        return;
    }
  }

  /** To the pages of those who may read the channel. */
  #sendTo(channelId: string, event: string, data: Fields): void {
    const channel = this.#core.workspace.channels.get(channelId);
    if (!channel) return;
    if (channel.kind === 'public') this.#send(null, event, data);
    else for (const member of channel.members) this.#send(member, event, data);
  }

  /** @param user only this person's pages; null: all */
  #send(user: string | null, event: string, data: Fields): void {
    if (this.#streams.size === 0) return;
    const frame = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const [res, who] of this.#streams) if (user === null || user === who) res.write(frame);
  }

  async #panelState(): Promise<({ title: string } & PanelState) | null> {
    if (!this.#panel) return null;
    try {
      return { title: this.#panel.title, ...(await this.#panel.state()) };
    } catch (error) {
      // The panel belongs to the embedding program: its trouble must not take the workspace's page away.
      const note = error instanceof Error ? error.message : String(error);
      return { title: this.#panel.title, note, groups: [] };
    }
  }

  /** Sends the side panel's state to all pages. */
  async tellPanel(): Promise<void> {
    this.#send(null, 'panel', { panel: await this.#panelState() });
  }

  close(): void {
    for (const stop of this.#stops) stop();
    for (const res of this.#streams.keys()) res.end();
    this.#streams.clear();
  }
}
