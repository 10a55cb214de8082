// Settings: the answer of a test of LiteLLM in words, and the one sight of a new token.
const element = (name, text, className) =>
  Object.assign(document.createElement(name), { textContent: text, ...(className && { className }) });

document.body.addEventListener('api:done', ({ target, detail }) => {
  if (target.id === 'destination' && detail.route?.endsWith('/test')) showTest(detail.reply);
  if (target.id === 'token-form') showToken(detail.reply.token);
});

// Without an address there is nothing to test.
document.getElementById('litellm_base_url')?.addEventListener('input', ({ target }) => {
  document.querySelector('#destination input[type="submit"]').disabled = target.value.trim() === '';
});

function showTest({ success, message, suggestion, models, can }) {
  const head = document.createElement('p');
  head.append(
    element('span', success ? 'works' : 'does not work', success ? 'badge good' : 'badge bad'),
    ` ${message}`,
  );
  const parts = [head];
  if (suggestion) parts.push(element('p', suggestion));
  const list = element('ul', '', 'dense');
  const marks = { true: ['yes', 'badge good'], false: ['no', 'badge bad'], null: ['not known', 'badge'] };
  // An older LiteLLM is no fault: it is met by replacing, unless a person ordered otherwise.
  const isOrdered = document.getElementById('test-result').dataset.strategy === 'patch';
  const changes = { ...marks, false: isOrdered ? ['no', 'badge warn'] : ['replaces instead', 'badge'] };
  const abilities = [
    ['Lists its models', can.list, marks],
    ['Takes our writes', can.write, marks],
    ['Changes in place safely', can.patch_safely, changes],
  ];
  for (const [name, { ok, message: why }, words] of abilities) {
    const item = element('li', `${name}: `);
    item.append(element('span', ...words[ok]), ` ${why}`);
    list.append(item);
  }
  parts.push(list);
  if (models) {
    const { total, ...owners } = models;
    const told = Object.entries(owners).flatMap(([owner, count]) => (count > 0 ? [`${count} ${owner}`] : []));
    parts.push(
      element(
        'p',
        `Models there: ${[total, ...(told.length > 0 ? [`(${told.join(', ')})`] : [])].join(' ')}`,
        'hint',
      ),
    );
  }
  document.getElementById('test-result').replaceChildren(...parts);
}

function showToken(token) {
  const place = document.getElementById('new-token');
  const field = document.getElementById('token-text');
  place.hidden = false;
  field.value = token;
  document.getElementById('token-form').hidden = true;
  field.focus();
  field.select();
}

document.getElementById('copy-token')?.addEventListener('click', async () => {
  const field = document.getElementById('token-text');
  field.select();
  const told = document.getElementById('copied');
  try {
    await navigator.clipboard.writeText(field.value);
    told.textContent = 'Copied.';
  } catch {
    // Browsers give the clipboard to https and localhost only.
    told.textContent = 'It is selected: copy it with the keyboard.';
  }
});

// The same address with another fragment would not load the page anew.
document.getElementById('token-kept')?.addEventListener('click', (event) => {
  event.preventDefault();
  location.hash = 'tokens';
  location.reload();
});
