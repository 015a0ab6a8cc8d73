import { renderBlocks } from './blocks.js';
import { h } from './dom.js';
import { readInputs } from './inputs.js';
import { tellFailure } from './navigate.js';
import { act, state } from './store.js';

let dialog = null;
let shown = '';

/** Shows the modal that the app opened for this person, or takes it away. */
export function drawModal() {
  const { view, viewErrors } = state;
  if (!view) {
    shown = '';
    dialog?.remove();
    dialog = null;
    return;
  }
  const key = `${view.id} ${view.hash}`;
  if (key !== shown) build(view);
  shown = key;
  for (const row of dialog.querySelectorAll('[data-input]')) {
    row.querySelector('.input-error').textContent = viewErrors?.[row.dataset.input] ?? '';
  }
}

function build(view) {
  dialog?.remove();
  const onAction = (action) => act('clickView', action).catch(tellFailure);
  const submit = view.submit && h('button.button.primary', { type: 'submit' }, view.submit.text);
  const form = h(
    'form',
    {
      onsubmit: async (event) => {
        event.preventDefault();
        submit.disabled = true;
        try {
          const answer = await act('submitView', { values: readInputs(form, view.blocks) });
          if (answer.error) throw new Error(`the app failed with the error "${answer.error}"`);
        } catch (error) {
          tellFailure(error);
        } finally {
          submit.disabled = false;
        }
      },
    },
    h('h2', {}, view.title?.text ?? ''),
    h('div.dialog-body', {}, renderBlocks(view.blocks, onAction)),
    h(
      'div.dialog-foot',
      {},
      h(
        'button.button',
        { type: 'button', onclick: () => act('closeView', {}).catch(tellFailure) },
        view.close?.text ?? 'Close',
      ),
      submit,
    ),
  );
  dialog = h('dialog.dialog.modal', {}, form);
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    act('closeView', {}).catch(tellFailure);
  });
  document.getElementById('dialogs').append(dialog);
  dialog.showModal();
}
