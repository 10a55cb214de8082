// One call of the REST API; a refusal is a problem document with `detail` and the failing fields.
export async function callApi(route, body, headers = {}) {
  const [method, path] = route.split(' ');
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch {
    return {
      ok: false,
      status: 0,
      body: { detail: 'the server does not answer; nothing is known to have changed' },
    };
  }
  if (answer.status === 401) logIn();
  const parsed = await answer.json().catch(() => ({}));
  return { ok: answer.ok, status: answer.status, body: parsed };
}

/** The session is over: to the login page, which leads back here. */
export function logIn() {
  location.href = `/login?next=${encodeURIComponent(location.pathname + location.search + location.hash)}`;
}

export function say(text, bad = false) {
  const message = document.createElement('p');
  message.className = bad ? 'message bad' : 'message';
  message.textContent = text;
  document.getElementById('messages').append(message);
  setTimeout(() => message.remove(), bad ? 15_000 : 6_000);
}

/** What happens after a success: `reload`, `goto:/path`, `goto:/path/{id}`, or nothing (live events do it). */
export function go(then, body) {
  if (then === 'reload') location.reload();
  if (then?.startsWith('goto:')) {
    location.href = then
      .slice(5)
      .replaceAll(/\{(\w+)\}/g, (_all, key) => encodeURIComponent(body[key] ?? ''));
  }
}
