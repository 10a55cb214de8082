// <form data-api="PATCH /api/…" data-send="changed|filled" data-etag="…" data-done="…" data-then="…">
// Fields say by `data-kind` what they are: text (as default), number, boolean, list, json, choice. `changed` sends only what
// differs from what was shown, an emptied field as null; `filled` sends what is not empty.
import { callApi, go, say } from './api.js';

export function startForms() {
  // What is being corrected is no longer what was refused.
  document.body.addEventListener('input', ({ target }) => {
    target.removeAttribute('aria-invalid');
    const place = target.form?.querySelector(`[data-error-for="${CSS.escape(target.name || ' ')}"]`);
    if (place) place.textContent = '';
  });
  document.body.addEventListener('submit', async (event) => {
    const form = event.target.closest('form[data-api]');
    if (form === null) return;
    event.preventDefault();
    await send(form, event.submitter);
  });
}

async function send(form, submitter) {
  clearErrors(form);
  let body;
  try {
    body = valuesOf(form);
  } catch (error) {
    showErrors(form, { detail: 'one field cannot be read', errors: [error.problem] });
    return;
  }
  const route = submitter?.dataset.api ?? form.dataset.api;
  const headers = form.dataset.etag ? { 'if-match': form.dataset.etag } : {};
  if (submitter) submitter.disabled = true;
  const { ok, status, body: reply } = await callApi(route, body, headers);
  if (submitter) submitter.disabled = false;
  if (!ok) {
    const advice = status === 412 ? ' Your input is still here: reload in another tab to compare.' : '';
    showErrors(form, { ...reply, detail: (reply.detail ?? 'that did not work') + advice });
    return;
  }
  const quiet = submitter?.dataset.quiet !== undefined;
  if (!quiet) say(reply.message ?? form.dataset.done ?? 'saved');
  form.dispatchEvent(new CustomEvent('api:done', { bubbles: true, detail: { route, reply } }));
  if (!quiet) go(form.dataset.then, reply);
}

/** The form's fields as JSON. Throws with `problem` where a text is no JSON. */
export function valuesOf(form) {
  const onlyChanged = form.dataset.send === 'changed';
  const values = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || field.closest('[data-not-sent]')) continue;
    if (field.type === 'radio' && !field.checked) continue;
    if (onlyChanged && !isChanged(field)) continue;
    const value = read(field);
    if (value !== null || onlyChanged) values[field.name] = value;
  }
  return values;
}

function isChanged(field) {
  if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked;
  if (field instanceof HTMLSelectElement)
    return [...field.options].some((each) => each.selected !== each.defaultSelected);
  return field.value !== field.defaultValue;
}

function read(field) {
  if (field.type === 'checkbox') return field.checked;
  const text = field.dataset.raw === undefined ? field.value.trim() : field.value;
  if (text === '') return null;
  switch (field.dataset.kind) {
    case 'number':
      return Number.isNaN(Number(text)) ? text : Number(text);
    case 'boolean':
      return text === 'true';
    case 'list':
      return text
        .split(/[,\n]/)
        .map((item) => item.trim())
        .filter((item) => item !== '');
    case 'json':
      try {
        return JSON.parse(text);
      } catch (error) {
        throw Object.assign(error, {
          problem: { field: field.name, message: `is no JSON: ${error.message}` },
        });
      }
    default:
      return text;
  }
}

function clearErrors(form) {
  for (const place of form.querySelectorAll('[data-error-for], .form-error')) place.textContent = '';
  for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
}

function showErrors(form, { detail, errors = [] }) {
  const general = form.querySelector('.form-error');
  let first;
  const rest = [];
  for (const { field, message } of errors) {
    const name = field.split('.')[0];
    const input = form.elements.namedItem(name);
    const place = form.querySelector(`[data-error-for="${CSS.escape(name)}"]`);
    if (place === null || !(input instanceof Element)) rest.push(`${field}: ${message}`);
    else {
      const text = field === name ? message : `${field}: ${message}`;
      place.textContent = place.textContent === '' ? text : `${place.textContent}; ${text}`;
      input.setAttribute('aria-invalid', 'true');
      first ??= input;
    }
  }
  if (general)
    general.textContent =
      rest.length > 0 || errors.length === 0
        ? [...(errors.length === 0 ? [detail] : []), ...rest].join('; ')
        : '';
  if (errors.length === 0 || general === null) say(detail, true);
  first?.focus();
}
