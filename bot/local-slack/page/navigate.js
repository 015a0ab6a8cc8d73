import { act, changed, state } from './store.js';

/** Shows a channel, or the app's Home. */
export function show(id, { push = true } = {}) {
  state.current = id;
  state.thread = null;
  state.marked = null;
  state.unread.delete(id);
  if (push) history.pushState(null, '', id === 'home' ? '/' : `/archives/${id}`);
  if (id === 'home') act('openHome', {}).catch(tellFailure);
  changed('place');
}

export function openThread(channel, ts, { push = true } = {}) {
  if (state.current !== channel) {
    state.current = channel;
    state.unread.delete(channel);
  }
  state.thread = ts;
  if (push) history.pushState(null, '', `/archives/${channel}/p${ts.replace('.', '')}?open=thread`);
  changed('place');
  document.querySelector('#thread textarea')?.focus();
}

export function closeThread() {
  state.thread = null;
  history.pushState(null, '', `/archives/${state.current}`);
  changed('place');
}

/** Goes where the address says: a channel, a message, a message in its thread. */
export function followAddress() {
  const { pathname, searchParams } = new URL(location.href);
  const [, first, channel, link] = pathname.split('/');
  if (first !== 'archives' || !state.channels.has(channel)) {
    const first_ = [...state.channels.values()].find((c) => c.kind !== 'im');
    if (first_) show(first_.id, { push: false });
    return;
  }
  state.current = channel;
  state.unread.delete(channel);
  state.marked = null;
  state.thread = searchParams.get('thread_ts');
  const digits = /^p(\d{7,})$/.exec(link ?? '')?.[1];
  if (digits) {
    const ts = `${digits.slice(0, -6)}.${digits.slice(-6)}`;
    const message = (state.messages.get(channel) ?? []).find((m) => m.ts === ts);
    const opened = searchParams.get('open') === 'thread';
    if (!opened) state.marked = ts;
    if (!state.thread && (opened || message?.reply_count)) state.thread = ts;
  }
  changed('place');
}

/** Links to this workspace open in place. */
export function catchLinks(event) {
  const anchor = event.target.closest?.('a[href]');
  if (!anchor || event.ctrlKey || event.metaKey || event.button !== 0) return;
  const url = new URL(anchor.href, location.href);
  if (url.origin !== location.origin || !url.pathname.startsWith('/archives/')) return;
  event.preventDefault();
  history.pushState(null, '', url.href);
  followAddress();
}

export async function copyLink(url) {
  try {
    await navigator.clipboard.writeText(url);
    notice('Link copied.');
  } catch {
    notice(url);
  }
}

let hide = 0;

/** A line at the bottom for a few seconds. */
export function notice(text) {
  const node = document.getElementById('notice');
  node.textContent = text;
  node.hidden = false;
  clearTimeout(hide);
  hide = setTimeout(() => {
    node.hidden = true;
  }, 6000);
}

export function tellFailure(error) {
  notice(`That did not work: ${error.message}`);
}
