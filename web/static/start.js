// First steps: connection tests that show their answer in place, and what was found on this machine.
import { callApi } from './api.js';
import { valuesOf } from './forms.js';

const providerForm = document.getElementById('provider-form');
const litellmForm = document.getElementById('litellm-form');
const place = document.getElementById('found');
const usual = { ollama: 'ollama', openai: 'openai-server', litellm: 'litellm-source' };

for (const button of document.querySelectorAll('[data-try]')) {
  button.addEventListener('click', () => test(button.form, button));
}

async function test(form, button) {
  const result = form.querySelector('[data-tried]');
  const only = form.dataset.testOnly?.split(' ');
  const values = Object.entries(valuesOf(form)).filter(([name]) => only?.includes(name) ?? true);
  button.disabled = true;
  result.replaceChildren(paragraph('Asking …', 'soft'));
  const { ok, body } = await callApi(form.dataset.test, Object.fromEntries(values));
  button.disabled = false;
  const works = ok && body.success;
  const errors = (body.errors ?? []).map(({ field, message }) => `${field}: ${message}`);
  result.replaceChildren(
    ...[
      paragraph(
        `${works ? 'It works: ' : 'It does not work: '}${body.message ?? body.detail}`,
        works ? 'good' : 'bad',
      ),
      ...[body.suggestion, ...errors].filter(Boolean).map((text) => paragraph(text, 'hint')),
    ],
  );
}

providerForm.elements.type.addEventListener('change', () => {
  const { name, type } = providerForm.elements;
  if (name.value === '' || name.dataset.own === undefined) name.value = freeName(usual[type.value]);
});
providerForm.elements.name.addEventListener('input', ({ target }) => {
  target.dataset.own = '';
});

// Added: the form is free for the next one.
providerForm.addEventListener('api:done', ({ detail }) => {
  taken().add(detail.reply.name);
  providerForm.reset();
  delete providerForm.elements.name.dataset.own;
  providerForm.elements.name.value = freeName(usual.ollama);
  providerForm.querySelector('[data-tried]').replaceChildren();
  document.getElementById('step-3').scrollIntoView();
});
litellmForm.addEventListener('api:done', () => {
  litellmForm.elements.litellm_api_key.value = '';
});

let names;
function taken() {
  names ??= new Set(JSON.parse(place.dataset.taken));
  return names;
}

function freeName(wish) {
  let name = wish;
  for (let count = 2; taken().has(name); count++) name = `${wish}-${count}`;
  return name;
}
if (taken().has(providerForm.elements.name.value)) providerForm.elements.name.value = freeName(usual.ollama);

document.getElementById('look').addEventListener('api:done', ({ detail: { found, asked } }) => {
  if (found.length === 0) {
    place.replaceChildren(
      paragraph(
        `Nothing answered at ${asked.length} addresses. Enter the address of your server below.`,
        'soft',
      ),
    );
    return;
  }
  const list = document.createElement('ul');
  list.className = 'lines';
  for (const server of found) list.append(entry(server));
  place.replaceChildren(list);
});

function entry(server) {
  const item = document.createElement('li');
  const models =
    server.models === null ? '' : ` · ${server.models} ${server.models === 1 ? 'model' : 'models'}`;
  const words = document.createElement('span');
  words.append(
    Object.assign(document.createElement('strong'), { textContent: server.name }),
    ` ${server.base_url}${models}`,
  );
  item.append(words);
  if (server.configured !== null) {
    item.append(
      Object.assign(document.createElement('span'), {
        className: 'badge good',
        textContent: server.configured === 'provider' ? 'is a provider already' : 'is connected already',
      }),
    );
    return item;
  }
  if (server.kind === 'litellm') item.append(button('Connect as LiteLLM', server, useAsLitellm));
  else item.append(button('Use as provider', server, useAsProvider));
  return item;
}

function button(textContent, server, use) {
  const made = Object.assign(document.createElement('button'), { type: 'button', textContent });
  made.setAttribute('aria-label', `${textContent}: ${server.name} at ${server.base_url}`);
  made.addEventListener('click', () => use(server));
  return made;
}

function useAsLitellm({ base_url }) {
  litellmForm.elements.litellm_base_url.value = base_url;
  litellmForm.elements.litellm_api_key.focus();
}

function useAsProvider({ kind, name, base_url }) {
  const fields = providerForm.elements;
  fields.type.value = kind;
  fields.base_url.value = base_url;
  fields.name.value = freeName(name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'));
  fields.name.dataset.own = '';
  fields.name.focus();
}

function paragraph(textContent, className) {
  return Object.assign(document.createElement('p'), { textContent, className });
}
