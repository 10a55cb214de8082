// The list of models: ticked boxes, what the buttons below act on, and live changes that never lose a tick.
const list = () => document.getElementById('model-list');
const bulk = document.getElementById('bulk');
const boxes = () => [...document.querySelectorAll('#model-list input[name="id"]')];
const pickAll = document.getElementById('pick-all');
const notice = document.getElementById('models-changed');
const betweenReadsMs = 2_000;

let changed;
/** Ticks that a new reading of the list must not lose. */
let kept = new Set();

document.body.addEventListener('change', ({ target }) => {
  if (target.id === 'pick-page') for (const box of boxes()) box.checked = target.checked;
  if (target.closest('#model-list, #bulk')) show();
});
document.body.addEventListener('htmx:afterSettle', () => {
  for (const box of boxes()) box.checked ||= kept.has(box.value);
  show();
});
bulk?.addEventListener('api:done', () => {
  for (const box of boxes()) box.checked = false;
  pickAll.checked = false;
  readAgain();
});
for (const name of ['model', 'models', 'provider']) {
  document.body.addEventListener(`live:${name}`, () => {
    changed ??= setTimeout(() => (isPicking() ? tell() : readAgain()), betweenReadsMs);
  });
}
notice?.addEventListener('click', (event) => event.target.closest('button') && readAgain());
if (list()) show();

function isPicking() {
  return bulk !== null && (pickAll.checked || boxes().some((box) => box.checked));
}

function readAgain() {
  clearTimeout(changed);
  changed = undefined;
  notice.replaceChildren();
  kept = new Set(boxes().flatMap((box) => (box.checked ? [box.value] : [])));
  list().dispatchEvent(new Event('read-again'));
}

function tell() {
  changed = undefined;
  if (!isPicking()) return readAgain();
  if (notice.childElementCount > 0) return;
  const button = Object.assign(document.createElement('button'), { textContent: 'Refresh' });
  notice.replaceChildren('The list has changed meanwhile. ', button);
}

/** What is ticked, in the bar and in each of its buttons. */
function show() {
  if (bulk === null) return;
  const all = boxes();
  const picked = all.filter((box) => box.checked);
  const page = document.getElementById('pick-page');
  const total = Number(list().dataset.total);
  if (page) {
    page.checked = all.length > 0 && picked.length === all.length;
    page.indeterminate = picked.length > 0 && picked.length < all.length;
  }
  bulk.hidden = picked.length === 0 && !pickAll.checked;
  const count = pickAll.checked ? total : picked.length;
  const models = `${count.toLocaleString('en-US')} model${count === 1 ? '' : 's'}`;
  write(bulk.querySelector('[data-picked]'), `${models} selected`);
  write(bulk.querySelector('[data-all-label]'), `all ${total.toLocaleString('en-US')} that match the filter`);
  write(document.getElementById('picked-count'), bulk.hidden ? '' : `${models} selected`);
  for (const button of bulk.querySelectorAll('button[data-action]')) {
    const { action, question } = button.dataset;
    // The dialog asks in words how many; that is the confirmation.
    const filter = pickAll.checked
      ? { filter: JSON.parse(list().dataset.filter), confirm: 'all models' }
      : {};
    button.dataset.body = JSON.stringify({ action, ...filter });
    button.dataset.confirm = question.replace(
      '{models}',
      pickAll.checked ? `all ${models} that match` : models,
    );
    button.dataset.yes = `${button.textContent.trim()} ${models}`;
    if (pickAll.checked) {
      delete button.dataset.idsOf;
      delete button.dataset.confirmList;
    } else {
      button.dataset.idsOf = '#model-list';
      button.dataset.confirmList = JSON.stringify(picked.map(nameOf));
    }
  }
}

/** Only what differs, so that it is not announced again. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function nameOf(box) {
  return document.getElementById(`m${box.value}`).textContent;
}
