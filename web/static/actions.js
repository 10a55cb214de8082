// <button data-api="POST /api/…" data-body='{…}' data-confirm="…" data-confirm-list='["…"]' data-yes="Delete"
//   data-done="…" data-then="reload">
import { callApi, go, say } from './api.js';

export function startActions() {
  document.body.addEventListener('click', async (event) => {
    const button = event.target.closest('button[data-api]');
    if (button === null || button.disabled) return;
    event.preventDefault();
    if (button.dataset.confirm !== undefined && !(await confirmed(button))) return;
    await act(button);
  });
}

async function act(button) {
  button.disabled = true;
  const body = bodyOf(button);
  const { ok, body: reply } = await callApi(button.dataset.api, body);
  button.disabled = false;
  if (!ok) {
    say(reply.detail ?? 'that did not work', true);
    return;
  }
  say(reply.message ?? button.dataset.done ?? 'done');
  button.dispatchEvent(new CustomEvent('api:done', { bubbles: true, detail: reply }));
  go(button.dataset.then, reply);
}

/** Written down, or the ids of the ticked boxes of the form named by `data-ids-of`. */
function bodyOf(button) {
  const written = button.dataset.body === undefined ? undefined : JSON.parse(button.dataset.body);
  if (button.dataset.idsOf === undefined) return written;
  const boxes = document.querySelectorAll(`${button.dataset.idsOf} input[name="id"]:checked`);
  const key = button.dataset.idsAs ?? 'ids';
  return { ...written, [key]: [...boxes].map((box) => (key === 'ids' ? Number(box.value) : box.value)) };
}

/** Says what will happen in a dialog of the page; Escape and Cancel say no. */
function confirmed(button) {
  const dialog = document.getElementById('confirm');
  const { confirm, confirmList, yes } = button.dataset;
  dialog.querySelector('[data-confirm-text]').textContent = confirm;
  dialog.querySelector('[data-confirm-yes]').textContent = yes ?? button.textContent.trim();
  const place = dialog.querySelector('[data-confirm-list]');
  place.replaceChildren();
  const items = confirmList === undefined ? [] : JSON.parse(confirmList);
  if (items.length > 0) {
    const list = document.createElement('ul');
    for (const item of items.slice(0, 50))
      list.append(Object.assign(document.createElement('li'), { textContent: item }));
    if (items.length > 50)
      list.append(
        Object.assign(document.createElement('li'), { textContent: `and ${items.length - 50} more` }),
      );
    place.append(list);
  }
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
