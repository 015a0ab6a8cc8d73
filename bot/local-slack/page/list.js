import { h } from './dom.js';
import { messageNode } from './message.js';
import { state } from './store.js';

/** Messages of one author within this time stand together. */
const groupSeconds = 300;

/**
 * Keeps a list of messages on the page in step with the data: only what changed is drawn anew, and whoever reads at the
 * end stays at the end.
 * @param {HTMLElement} node the scrolling element
 */
export function createList(node, { inThread }) {
  let drawn = new Map();
  let place = '';
  let following = true;
  let aligned = 0;

  // Whoever scrolls up is left in peace until they come back to the end.
  node.addEventListener('scroll', () => {
    if (Math.abs(node.scrollTop - aligned) > 2) following = node.scrollHeight - node.scrollTop - node.clientHeight < 60;
  });
  new ResizeObserver(() => following && toEnd()).observe(node);

  /** The end in view; of a message that is taller than the room, its beginning, since the answer stands there. */
  function toEnd() {
    const last = node.lastElementChild;
    node.scrollTop = node.scrollHeight;
    if (last && last.offsetHeight > node.clientHeight - 8) node.scrollTop -= last.offsetHeight - node.clientHeight + 8;
    aligned = node.scrollTop;
  }

  return function draw(messages, where) {
    const moved = place !== where.key;
    if (moved) {
      drawn = new Map();
      following = true;
    }
    place = where.key;

    const next = new Map();
    let before = null;
    for (const message of messages) {
      const day = new Date(Number(message.ts) * 1000).toDateString();
      if (!inThread && (!before || new Date(Number(before.ts) * 1000).toDateString() !== day)) {
        keep(next, `day ${day}`, day, () => h('div.day', {}, h('span', {}, dayName(message.ts))));
      }
      const compact = !(inThread && before === messages[0]) && together(before, message);
      const look = JSON.stringify([message, compact, state.marked === message.ts, state.users.size]);
      keep(next, message.ts, look, () => messageNode(message, { channel: where.channel, compact, inThread }));
      if (inThread && message === messages[0] && messages.length > 1) {
        const count = messages.length - 1;
        keep(next, 'count', String(count), () =>
          h('div.thread-count', {}, `${count} ${count === 1 ? 'reply' : 'replies'}`),
        );
      }
      before = message;
    }
    drawn = next;
    arrange(node, [...(where.head ? [where.head] : []), ...[...next.values()].map((entry) => entry.node)]);

    const marked = moved && state.marked && next.get(state.marked)?.node;
    if (marked) {
      following = false;
      marked.scrollIntoView({ block: 'center' });
    } else if (following) toEnd();
  };

  function keep(next, key, look, make) {
    const old = drawn.get(key);
    next.set(key, old?.look === look ? old : { look, node: make() });
  }
}

function arrange(node, wanted) {
  const set = new Set(wanted);
  for (const child of [...node.children]) if (!set.has(child)) child.remove();
  wanted.forEach((child, i) => {
    if (node.children[i] !== child) node.insertBefore(child, node.children[i] ?? null);
  });
}

function together(before, message) {
  if (!before || before.ephemeral || message.ephemeral) return false;
  const close = Number(message.ts) - Number(before.ts) < groupSeconds;
  return close && before.user === message.user && before.username === message.username && !before.reply_count;
}

function dayName(ts) {
  const day = new Date(Number(ts) * 1000);
  if (day.toDateString() === new Date().toDateString()) return 'Today';
  return day.toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
}
