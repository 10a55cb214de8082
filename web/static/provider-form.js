// The form of a provider: the fields of the chosen type, taking the key away, and a connection test before saving.
import { callApi } from './api.js';

const form = document.getElementById('provider-form');
const result = document.getElementById('test-result');
const { type, base_url: url, api_key: key } = form?.elements ?? {};
const removeKey = document.getElementById('remove-key');

if (form) {
  type.addEventListener('change', showFieldsOfType);
  removeKey?.addEventListener('change', markKey);
  document.getElementById('test-connection').addEventListener('click', test);
}

/** What means nothing for a type is neither shown nor sent. */
function showFieldsOfType() {
  for (const place of form.querySelectorAll('[data-only-type]')) {
    place.hidden = place.dataset.onlyType !== type.value;
    for (const field of place.querySelectorAll('[name]')) field.disabled = place.hidden;
  }
}

/** An emptied field is sent as null, which removes the key. */
function markKey() {
  key.defaultValue = removeKey.checked ? 'stored' : '';
  key.value = '';
  key.readOnly = removeKey.checked;
}

async function test({ target: button }) {
  const id = form.dataset.providerId;
  const typed = key.value.trim();
  button.disabled = true;
  result.replaceChildren(line('p', 'Asking the server …', 'hint'));
  const { ok, body } = await callApi('POST /api/providers/test-connection', {
    base_url: url.value.trim(),
    type: type.value,
    ...(id && { provider_id: Number(id) }),
    ...(removeKey?.checked ? { api_key: null } : typed !== '' && { api_key: typed }),
  });
  button.disabled = false;
  result.replaceChildren(...(ok ? outcome(body) : refusal(body)));
}

function outcome({ success, message, suggestion, kind, model_count: count, models = [] }) {
  const verdict = line('p', '', success ? 'good' : 'bad');
  verdict.append(line('strong', success ? 'It works: ' : 'That did not work: '), message);
  const parts = [verdict];
  if (kind?.version) parts.push(line('p', `LiteLLM ${kind.version}`, 'hint'));
  if (suggestion) {
    const advice = line('p', `${suggestion} `);
    const better = [...type.options].find(({ value }) => value === kind?.answered && value !== type.value);
    if (better) advice.append(applyButton(better));
    parts.push(advice);
  }
  if (models.length > 0) {
    const more = count > models.length ? `, and ${count - models.length} more` : '';
    parts.push(line('p', `Models: ${models.join(', ')}${more}`, 'hint'));
  }
  return parts;
}

function refusal({ detail, errors = [] }) {
  const words = errors.map(({ field, message }) => `${labelOf(field)}: ${message}`).join('; ');
  // What a script would send instead is said in the form's own words below.
  const told = words.split('; send api_key')[0];
  const parts = [line('p', told || (detail ?? 'that did not work'), 'bad')];
  if (key.dataset.stored !== undefined && errors.some(({ field }) => field === 'base_url'))
    parts.push(line('p', 'Enter the key for this server, or tick “Remove the stored key”.', 'hint'));
  return parts;
}

function labelOf(field) {
  return form.elements.namedItem(field)?.labels?.[0]?.textContent ?? field;
}

function applyButton({ value, textContent }) {
  const button = line('button', `Use type ${textContent}`);
  button.type = 'button';
  button.addEventListener('click', () => {
    type.value = value;
    type.dispatchEvent(new Event('change'));
    result.replaceChildren(line('p', 'Type changed. Test again, or save.', 'hint'));
    type.focus();
  });
  return button;
}

function line(name, text, className = '') {
  return Object.assign(document.createElement(name), { textContent: text, className });
}
