// The page of one model: of all live changes, those that concern it; and a word when somebody else edits it meanwhile.
const { model, provider, editVersion } = document.querySelector('script[data-model]').dataset;
const notice = document.getElementById('edited-elsewhere');

document.body.addEventListener('live:model', ({ detail }) => {
  if (detail.id !== undefined && detail.id !== Number(model)) return;
  readAgain();
});
document.body.addEventListener('live:models', ({ detail }) => {
  if (detail.provider_id == null || detail.provider_id === Number(provider)) readAgain();
});
document.body.addEventListener('live:provider', ({ detail }) => {
  if (detail.id === undefined || detail.id === Number(provider)) readAgain();
});
document.body.addEventListener('htmx:afterSettle', () => {
  const now = document.getElementById('model-state')?.dataset.editVersion;
  if (notice === null || now === undefined || now === editVersion || notice.textContent !== '') return;
  notice.textContent =
    'Somebody changed this model meanwhile. What you typed is kept; reload the page to edit what is there now.';
});

function readAgain() {
  document.body.dispatchEvent(new Event('this-model'));
}
