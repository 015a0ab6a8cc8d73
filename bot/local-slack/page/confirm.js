import { h } from './dom.js';
import { mrkdwn, plain } from './mrkdwn.js';

/**
 * Asks before a click counts, as the button's `confirm` says.
 * @returns {Promise<boolean>}
 */
export function ask(confirm) {
  return new Promise((resolve) => {
    const text = confirm.text?.type === 'mrkdwn' ? mrkdwn(confirm.text.text) : plain(confirm.text?.text ?? '');
    const dialog = h(
      'dialog.dialog',
      {
        onclose: () => {
          dialog.remove();
          resolve(dialog.returnValue === 'yes');
        },
      },
      h(
        'form',
        { method: 'dialog' },
        h('h2', {}, confirm.title?.text ?? 'Are you sure?'),
        h('div.dialog-body', {}, text),
        h(
          'div.dialog-foot',
          {},
          h('button.button', { value: 'no' }, confirm.deny?.text ?? 'Cancel'),
          h(
            `button.button.${confirm.style === 'danger' ? 'danger' : 'primary'}`,
            { value: 'yes' },
            confirm.confirm?.text ?? 'Yes',
          ),
        ),
      ),
    );
    document.getElementById('dialogs').append(dialog);
    dialog.showModal();
  });
}
