// The LiteLLM page: the selection decides what the delete buttons say and name; the list looks again when something changed
// at LiteLLM, unless a person is at work in it.
const settleMs = 1_500;
const section = () => document.getElementById('litellm');
const ticked = () => [...section().querySelectorAll('input[name="id"]:checked')];
const nameOf = (box) => box.getAttribute('aria-label').replace(/^Select /, '');

const isOurs = (box) => ['ours', 'stray'].includes(box.dataset.owner);
const disabling = 'Our models are disabled with their rows, so that no sync brings them back.';

function showSelection() {
  const boxes = ticked();
  const others = boxes.filter((box) => !isOurs(box));
  const one = document.getElementById('delete-ours');
  const all = document.getElementById('delete-all');
  if (one === null) return;
  document.getElementById('selected').textContent = boxes.length > 0 ? `${boxes.length} selected` : '';
  one.disabled = boxes.length === 0;
  one.hidden = others.length > 0 && all !== null;
  if (all) all.hidden = !one.hidden;
  const question = `Take ${boxes.length === 1 ? 'this model' : `these ${boxes.length} models`} out of LiteLLM?`;
  const foreign = `Not ours: ${others.length}. Nobody here can bring those back.`;
  one.dataset.confirm = `${question} ${disabling}`;
  if (all)
    all.dataset.confirm = [question, ...(others.length < boxes.length ? [disabling] : []), foreign].join(' ');
  for (const button of [one, all])
    if (button)
      button.dataset.confirmList = JSON.stringify(
        boxes.map((box) => nameOf(box) + (isOurs(box) ? '' : ` (${box.dataset.owner})`)),
      );
}

// A hundred rows: what each button does is written into it when it is pressed, before actions.js reads it.
document.addEventListener(
  'click',
  ({ target }) => {
    const button = target.closest('button[data-row]');
    if (button === null) return;
    const box = button.closest('tr').querySelector('input[name="id"]');
    const path = `/api/litellm/models/${encodeURIComponent(box.value)}`;
    button.dataset.api = `DELETE ${path}${isOurs(box) ? '' : '?force=true'}`;
    button.dataset.confirm = confirmOf(box);
  },
  { capture: true },
);

function confirmOf(box) {
  const { owner } = box.dataset;
  const question = `Take "${nameOf(box)}" out of LiteLLM?`;
  if (owner === 'ours') return `${question} Our model is disabled with it, so that no sync brings it back.`;
  if (owner === 'stray') return `${question} No model here stands for it any more.`;
  return `${question} It is not ours (${owner}): nobody here can bring it back.`;
}

document.body.addEventListener('change', ({ target }) => {
  if (!section()?.contains(target)) return;
  if (target.matches('[data-all]'))
    for (const box of section().querySelectorAll('input[name="id"]')) box.checked = target.checked;
  showSelection();
});

// A link that says it is a button answers to the key of one.
document.body.addEventListener('keydown', (event) => {
  if (event.key !== ' ' || !event.target.matches('a[role="button"]')) return;
  event.preventDefault();
  event.target.click();
});

/** Of many, each has its own answer: what is refused says why. */
function showResult({ accepted, refused }) {
  const place = document.getElementById('result');
  const card = document.createElement('div');
  card.className = refused.length > 0 ? 'card warn-edge' : 'card';
  card.setAttribute('role', 'status');
  const lines = [
    ...(accepted.length > 0 ? [`${accepted.length} will be removed as soon as a worker is free.`] : []),
    ...(refused.length > 0 ? [`${refused.length} stay:`] : []),
  ];
  for (const text of lines) card.append(Object.assign(document.createElement('p'), { textContent: text }));
  const list = document.createElement('ul');
  for (const { reason } of refused)
    list.append(Object.assign(document.createElement('li'), { textContent: reason }));
  if (refused.length > 0) card.append(list);
  place.replaceChildren(card);
}

document.body.addEventListener('api:done', ({ target, detail }) => {
  if (!section()?.contains(target)) return;
  if (Array.isArray(detail.refused)) {
    showResult(detail);
    for (const box of ticked()) box.checked = false;
    showSelection();
  }
  target.blur?.();
  soon();
});

let timer;
function soon() {
  clearTimeout(timer);
  timer = setTimeout(look, settleMs);
}

function look() {
  const isBusy = ticked().length > 0 || section().contains(document.activeElement);
  if (isBusy) document.getElementById('stale').textContent = 'Something changed since: look again.';
  else section().dispatchEvent(new CustomEvent('look'));
}

for (const name of ['run', 'model', 'models', 'destination'])
  document.body.addEventListener(`live:${name}`, () => section() && soon());
