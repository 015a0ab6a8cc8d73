import { h } from './dom.js';
import { tellFailure } from './navigate.js';

let open = null;

/** A small menu beside a button: arrows move, Escape closes, focus returns to where it was. */
export function openMenu(button, items) {
  open?.();
  const menu = h(
    'div.menu',
    { role: 'menu' },
    items.map((item) =>
      h(
        `button.menu-item${item.danger ? '.danger' : ''}`,
        {
          type: 'button',
          role: 'menuitem',
          onclick: () => {
            close();
            Promise.resolve(item.run()).catch(tellFailure);
          },
        },
        h('span', {}, item.label),
        item.hint && h('span.faint.small', {}, item.hint),
      ),
    ),
  );
  const outside = (event) => !menu.contains(event.target) && close();
  function close() {
    menu.remove();
    document.removeEventListener('pointerdown', outside);
    open = null;
    button.focus();
  }
  menu.addEventListener('keydown', (event) => {
    const all = [...menu.children];
    const at = all.indexOf(document.activeElement);
    if (event.key === 'Escape') close();
    else if (event.key === 'ArrowDown') all[(at + 1) % all.length].focus();
    else if (event.key === 'ArrowUp') all[(at - 1 + all.length) % all.length].focus();
    else return;
    event.preventDefault();
  });
  document.body.append(menu);
  const box = button.getBoundingClientRect();
  const below = box.bottom + menu.offsetHeight + 8 < innerHeight;
  menu.style.top = `${below ? box.bottom + 4 : box.top - menu.offsetHeight - 4}px`;
  menu.style.left = `${Math.max(8, Math.min(box.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
  document.addEventListener('pointerdown', outside);
  open = close;
  menu.firstElementChild?.focus();
}
