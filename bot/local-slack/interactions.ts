import type { Core } from './core.ts';
import type { Delivery } from './delivery.ts';
import { SlackError } from './errors.ts';
import { isFields } from './http.ts';
import { encodeTyped } from './mrkdwn.ts';
import { respond as answer } from './responses.ts';
import { channelShape, messageShape } from './shapes.ts';
import type { Delivered } from './transport.ts';
import type { App, Channel, Fields, Message, User, View } from './types.ts';

/** What the person gets to see of an act. */
export interface ActResult {
  ok: boolean;
  /** Slack's word for what went wrong, shown to the person. */
  error?: string;
  /** What the app said in its ack. */
  response?: Fields;
  triggerId?: string;
  responseUrl?: string;
}

/** Which button or menu: an action_id, or more exactly. `value` chooses an option of a menu. */
export type Which = string | { action?: string; block?: string; value?: string };

/** People's acts on an app: commands, shortcuts, clicks, modals (docs.slack.dev/interactivity). */
export class Interactions {
  readonly #core: Core;
  readonly #delivery: Delivery;

  constructor(core: Core, delivery: Delivery) {
    this.#core = core;
    this.#delivery = delivery;
  }

  /** A slash command. One that no app's manifest has is refused privately. */
  async command(user: User, channel: Channel, line: string): Promise<ActResult> {
    const { core } = this;
    const [, command = '', text = ''] = /^(\/\S*)\s*([\s\S]*)$/.exec(line.trim()) ?? [];
    const app = [...core.apps.values()].find((a) => a.config.commands.some((c) => c.command === command));
    const known = app?.config.commands.find((c) => c.command === command);
    if (!app || !known) {
      const text = `\`${command || line}\` is not a valid command. In this workspace, all messages that start with the "/" character are read as commands.`;
      this.#tell(user, channel, text);
      return { ok: false, error: 'invalid_command' };
    }
    const target = { app: app.id, user: user.id, channel: channel.id };
    const { triggerId, responseUrl } = this.#capabilities(app, user, target, 'commands');
    const delivered = await this.#delivery.interaction(app, 'command', {
      token: app.verificationToken,
      team_id: core.workspace.team.id,
      team_domain: core.workspace.team.domain,
      channel_id: channel.id,
      channel_name: { public: channel.name, private: 'privategroup', im: 'directmessage' }[channel.kind],
      user_id: user.id,
      user_name: user.name,
      command,
      text: known.escape ? encodeTyped(core.workspace, text, true) : text,
      api_app_id: app.id,
      is_enterprise_install: 'false',
      response_url: responseUrl,
      trigger_id: triggerId,
    });
    const error = failureOf(delivered);
    if (error) {
      this.#tell(user, channel, `${command} failed with the error "${error}"`);
      return { ok: false, error, triggerId, responseUrl };
    }
    const body = isFields(delivered.body) ? delivered.body : {};
    if (body.text || body.blocks || body.attachments) {
      try {
        answer(core, target, body);
      } catch (problem) {
        if (!(problem instanceof SlackError)) throw problem;
        this.#tell(user, channel, `${command} failed with the error "${problem.code}"`);
        return { ok: false, error: problem.code, response: body, triggerId, responseUrl };
      }
    }
    return { ok: true, response: body, triggerId, responseUrl };
  }

  /** A message shortcut. @throws Error if no app has it */
  async shortcut(user: User, channel: Channel, message: Message, callbackId: string): Promise<ActResult> {
    const app = [...this.core.apps.values()].find((a) => a.config.shortcuts.some((s) => s.callbackId === callbackId));
    if (!app) throw new Error(`no shortcut ${callbackId}`);
    const target = { app: app.id, user: user.id, channel: channel.id };
    const { triggerId, responseUrl } = this.#capabilities(app, user, target, 'app');
    const delivered = await this.#delivery.interaction(app, 'interactive', {
      type: 'message_action',
      action_ts: this.core.workspace.nextTs(),
      ...this.#common(app, user),
      channel: this.#channelRef(channel),
      callback_id: callbackId,
      trigger_id: triggerId,
      response_url: responseUrl,
      message_ts: message.ts,
      message: messageShape(message),
    });
    return this.#result(delivered, user, channel, triggerId, responseUrl);
  }

  /** A click on a message's button or menu. @throws Error if it has no such element */
  async clickMessage(user: User, channel: Channel, ts: string, which: Which): Promise<ActResult> {
    const { workspace } = this.core;
    const message = workspace.findMessage(channel, ts);
    const ephemeral = workspace.ephemerals.find((e) => e.channel === channel.id && e.ts === ts && e.user === user.id);
    const source = message ?? ephemeral;
    const app = this.core.apps.get(message?.app_id ?? ephemeral?.from ?? '');
    if (!source || !app) throw new Error(`no message ${ts} of an app`);
    const action = findAction(source.blocks ?? [], which, workspace.nextTs());
    const origin = { ts, ephemeral: !message };
    const target = { app: app.id, user: user.id, channel: channel.id, origin };
    const { triggerId, responseUrl } = this.#capabilities(app, user, target, 'actions');
    const delivered = await this.#delivery.interaction(app, 'interactive', {
      type: 'block_actions',
      ...this.#common(app, user),
      container: {
        type: 'message',
        message_ts: ts,
        channel_id: channel.id,
        is_ephemeral: !message,
        ...(source.thread_ts && { thread_ts: source.thread_ts }),
      },
      trigger_id: triggerId,
      channel: this.#channelRef(channel),
      // Of an ephemeral message Slack sends no content.
      ...(message && { message: messageShape(message) }),
      state: { values: {} },
      response_url: responseUrl,
      actions: [action],
    });
    return this.#result(delivered, user, channel, triggerId, responseUrl);
  }

  /** A click in a view: the person's open modal, or their Home tab. */
  async clickView(user: User, view: View, which: Which): Promise<ActResult> {
    const app = this.core.apps.get(String(view.app_id));
    if (!app) throw new Error('the view belongs to no app');
    const action = findAction(view.blocks, which, this.core.workspace.nextTs());
    const triggerId = this.core.triggers.issue(app.id, user.id);
    const delivered = await this.#delivery.interaction(app, 'interactive', {
      type: 'block_actions',
      ...this.#common(app, user),
      container: { type: 'view', view_id: view.id },
      trigger_id: triggerId,
      view,
      actions: [action],
    });
    return this.#result(delivered, user, null, triggerId);
  }

  /**
   * Submits the person's open modal and does what the app answers: close, errors, update, push or clear.
   * @param values by block_id, then action_id: an input's state, as in `view.state.values`
   */
  async submit(user: User, values: View['state']['values']): Promise<ActResult> {
    const view = this.core.views.open(user.id);
    const app = this.core.apps.get(String(view?.app_id));
    if (!view || !app) throw new Error('no open modal');
    view.state = { values };
    const triggerId = this.core.triggers.issue(app.id, user.id);
    const delivered = await this.#delivery.interaction(app, 'interactive', {
      type: 'view_submission',
      ...this.#common(app, user),
      trigger_id: triggerId,
      view,
      response_urls: [],
    });
    const error = failureOf(delivered);
    // The modal stays open, so that nothing typed is lost.
    if (error) return { ok: false, error, triggerId };
    const body = isFields(delivered.body) ? delivered.body : {};
    this.#afterSubmit(app, user, view, body);
    return { ok: body.response_action !== 'errors', response: body, triggerId };
  }

  #afterSubmit(app: App, user: User, view: View, body: Fields): void {
    const { views, workspace } = this.core;
    switch (body.response_action) {
      case 'errors':
        workspace.announce({ type: 'view', user: user.id, view, errors: body.errors as Record<string, string> });
        return;
      case 'update':
        views.update(app, { id: view.id }, body.view);
        return;
      case 'push':
        views.show(app, user.id, body.view, true);
        return;
      default:
        views.close(user.id, body.response_action === 'clear');
    }
  }

  /** Closes the person's open modal; the app hears of it if the view asked for that. */
  async dismiss(user: User): Promise<void> {
    const view = this.core.views.open(user.id);
    if (!view) return;
    this.core.views.close(user.id, Boolean(view.clear_on_close));
    const app = this.core.apps.get(String(view.app_id));
    if (!app || !view.notify_on_close) return;
    await this.#delivery.interaction(app, 'interactive', {
      type: 'view_closed',
      ...this.#common(app, user),
      view,
      is_cleared: Boolean(view.clear_on_close),
    });
  }

  get core(): Core {
    return this.#core;
  }

  #capabilities(app: App, user: User, target: Parameters<typeof answer>[1], kind: string) {
    const triggerId = this.core.triggers.issue(app.id, user.id);
    const key = this.core.responseUrls.issue(target);
    return { triggerId, responseUrl: `${this.core.url}/${kind}/${this.core.workspace.team.id}/${key}` };
  }

  #common(app: App, user: User): Fields {
    const { team } = this.core.workspace;
    return {
      token: app.verificationToken,
      api_app_id: app.id,
      team: { id: team.id, domain: team.domain },
      user: { id: user.id, username: user.name, name: user.name, team_id: team.id },
      enterprise: null,
      is_enterprise_install: false,
    };
  }

  #channelRef(channel: Channel): Fields {
    const shape = channelShape(this.core.workspace, channel, this.core.app);
    return { id: channel.id, name: shape.is_im ? 'directmessage' : channel.name };
  }

  #result(
    delivered: Delivered,
    user: User,
    channel: Channel | null,
    triggerId: string,
    responseUrl?: string,
  ): ActResult {
    const error = failureOf(delivered);
    if (error && channel) this.#tell(user, channel, `That did not work: the app failed with the error "${error}"`);
    const response = isFields(delivered.body) ? delivered.body : {};
    return { ok: !error, ...(error && { error }), response, triggerId, ...(responseUrl && { responseUrl }) };
  }

  #tell(user: User, channel: Channel, text: string): void {
    this.core.workspace.whisper({ channel: channel.id, user: user.id, from: 'slackbot', text });
  }
}

/** What a person reads when the app did not take an act. */
function failureOf(delivered: Delivered): string | null {
  if (delivered.outcome === 'acked') return null;
  if (delivered.outcome === 'timeout') return 'operation_timeout';
  if (delivered.outcome === 'http_error')
    return (delivered.status ?? 0) >= 500 ? 'http_service_error' : 'http_client_error';
  return 'dispatch_failed';
}

/** The action as block_actions carries it. @throws Error if there is no such element */
function findAction(blocks: Fields[], which: Which, actionTs: string): Fields {
  const { action, block, value } = typeof which === 'string' ? { action: which } : which;
  for (const candidate of blocks) {
    if (block !== undefined && candidate.block_id !== block) continue;
    const elements = Array.isArray(candidate.elements) ? candidate.elements : [];
    for (const element of [...elements, candidate.accessory, candidate.element]) {
      if (!isFields(element) || element.action_id === undefined) continue;
      if (action !== undefined && element.action_id !== action) continue;
      return { ...chosen(element, value), block_id: candidate.block_id, action_ts: actionTs };
    }
  }
  throw new Error(`no element ${action ?? ''} ${block ? `in block ${block}` : ''}`);
}

function chosen(element: Fields, value: string | undefined): Fields {
  const { type, action_id, text, style } = element;
  if (type === 'button') {
    return {
      type,
      action_id,
      text,
      ...(element.value !== undefined && { value: element.value }),
      ...(style ? { style } : {}),
    };
  }
  const options = Array.isArray(element.options) ? element.options.filter(isFields) : [];
  const option = options.find((o) => o.value === value) ?? options[0];
  if (type === 'checkboxes') return { type, action_id, selected_options: option ? [option] : [] };
  if (type === 'datepicker') return { type, action_id, selected_date: value };
  if (type === 'plain_text_input') return { type, action_id, value };
  return { type, action_id, selected_option: option };
}
