import { checkBlocks, completeBlocks } from './block-limits.ts';
import { SlackError } from './errors.ts';
import { isFields } from './http.ts';
import { newId, secret } from './ids.ts';
import type { App, Fields, View } from './types.ts';
import type { Workspace } from './workspace.ts';

const maxViewBytes = 250_000;
const maxPushed = 3;
const maxKept = 2_000;

interface Kept {
  view: View;
  user: string;
}

/** Modals (a stack of up to three per person) and Home tabs (one per person). */
export class Views {
  readonly #workspace: Workspace;
  /** Per person, the open modals, the top one last. */
  readonly #stacks = new Map<string, Kept[]>();
  readonly #homes = new Map<string, View>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** The modal that a person sees. */
  open(user: string): View | null {
    return this.#stacks.get(user)?.at(-1)?.view ?? null;
  }

  home(user: string): View | null {
    return this.#homes.get(user) ?? null;
  }

  /** Shows a modal, or puts one on top. @throws SlackError push_limit_reached and those of {@link readView} */
  show(app: App, user: string, given: unknown, push = false): View {
    const view = this.#make(app, given, 'modal');
    const stack = push ? (this.#stacks.get(user) ?? []) : [];
    if (stack.length >= maxPushed) throw new SlackError('push_limit_reached');
    const below = stack.at(-1)?.view;
    if (below) Object.assign(view, { root_view_id: below.root_view_id, previous_view_id: below.id });
    this.#stacks.set(user, [...stack, { view, user }]);
    this.#workspace.announce({ type: 'view', user, view });
    return view;
  }

  /**
   * Replaces an open view.
   * @throws SlackError not_found, hash_conflict
   * @see https://docs.slack.dev/reference/methods/views.update/
   */
  update(app: App, by: { id?: unknown; externalId?: unknown; hash?: unknown }, given: unknown): View {
    const all = [...this.#stacks.values()].flat();
    const kept = all.find(({ view }) =>
      by.id ? view.id === by.id : view.external_id === by.externalId && by.externalId,
    );
    if (!kept) return this.#updateHome(app, by, given);
    if (typeof by.hash === 'string' && by.hash !== kept.view.hash) throw new SlackError('hash_conflict');
    const fresh = this.#make(app, given, 'modal');
    const { id, root_view_id, previous_view_id, state } = kept.view;
    kept.view = { ...fresh, id, root_view_id, previous_view_id, state };
    this.#workspace.announce({ type: 'view', user: kept.user, view: kept.view });
    return kept.view;
  }

  #updateHome(app: App, by: { id?: unknown; hash?: unknown }, given: unknown): View {
    const entry = [...this.#homes].find(([, view]) => view.id === by.id);
    if (!entry) throw new SlackError('not_found');
    return this.publish(app, entry[0], given, by.hash);
  }

  /** @throws SlackError hash_conflict */
  publish(app: App, user: string, given: unknown, hash?: unknown): View {
    const before = this.#homes.get(user);
    if (typeof hash === 'string' && before && hash !== before.hash) throw new SlackError('hash_conflict');
    const view = this.#make(app, given, 'home');
    if (before) Object.assign(view, { id: before.id, root_view_id: before.id });
    this.#homes.set(user, view);
    if (this.#homes.size > maxKept) this.#homes.delete(this.#homes.keys().next().value ?? '');
    this.#workspace.announce({ type: 'home', user, view });
    return view;
  }

  /** Takes the top modal away, or all. @returns what the person sees then */
  close(user: string, all = false): View | null {
    const stack = all ? [] : (this.#stacks.get(user) ?? []).slice(0, -1);
    if (stack.length > 0) this.#stacks.set(user, stack);
    else this.#stacks.delete(user);
    const view = stack.at(-1)?.view ?? null;
    this.#workspace.announce({ type: 'view', user, view });
    return view;
  }

  #make(app: App, given: unknown, type: View['type']): View {
    const fields = readView(given, type);
    const id = newId('V');
    return {
      private_metadata: '',
      external_id: '',
      title: { type: 'plain_text', text: 'View Title' },
      submit: null,
      close: null,
      clear_on_close: false,
      notify_on_close: false,
      ...fields,
      id,
      type,
      callback_id: typeof fields.callback_id === 'string' ? fields.callback_id : '',
      blocks: completeBlocks(fields.blocks as Fields[]),
      team_id: this.#workspace.team.id,
      state: { values: {} },
      hash: `${Math.floor(Date.now() / 1000)}.${secret(4)}`,
      root_view_id: id,
      previous_view_id: null,
      app_id: app.id,
      app_installed_team_id: this.#workspace.team.id,
      bot_id: app.botId,
    };
  }
}

/**
 * Checks a view as given by an app.
 * @throws SlackError invalid_arguments with messages, view_too_large
 * @see https://docs.slack.dev/reference/views/modal-views
 */
function readView(given: unknown, type: View['type']): Fields {
  if (!isFields(given))
    throw new SlackError('invalid_arguments', { response_metadata: { messages: ['[ERROR] view'] } });
  if (JSON.stringify(given).length > maxViewBytes) throw new SlackError('view_too_large');
  const messages: string[] = [];
  const complain = (message: string, at: string) => messages.push(`[ERROR] ${message} [json-pointer:/view/${at}]`);
  if (given.type !== type) complain(`must be "${type}"`, 'type');
  const textIn = (key: string, max: number, required = false) => {
    const text = given[key];
    if (text === undefined || text === null) return required && complain(`missing required field: ${key}`, '');
    if (!isFields(text) || text.type !== 'plain_text' || typeof text.text !== 'string') complain('invalid text', key);
    else if (text.text.length > max) complain(`must be less than ${max + 1} characters`, `${key}/text`);
  };
  if (type === 'modal') textIn('title', 24, true);
  textIn('submit', 24);
  textIn('close', 24);
  for (const [key, max] of [
    ['callback_id', 255],
    ['external_id', 255],
    ['private_metadata', 3000],
  ] as const) {
    if (String(given[key] ?? '').length > max) complain(`must be less than ${max + 1} characters`, key);
  }
  const problem = checkBlocks(given.blocks, type);
  if (problem) messages.push(...problem.messages.map((m) => m.replace('json-pointer:/', 'json-pointer:/view/')));
  if (problem && problem.messages.length === 0) complain('invalid blocks', 'blocks');
  const hasInput = Array.isArray(given.blocks) && given.blocks.some((b) => isFields(b) && b.type === 'input');
  if (type === 'modal' && hasInput && !given.submit) complain('missing required field: submit', '');
  if (messages.length > 0) throw new SlackError('invalid_arguments', { response_metadata: { messages } });
  return given;
}
