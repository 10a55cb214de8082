// Server-sent events become DOM events `live:<name>` on the body; htmx attributes reload what they concern.
import { logIn } from './api.js';

const names = [
  'hello',
  'runs',
  'run',
  'model',
  'models',
  'provider',
  'provider-removed',
  'destination',
  'queues',
];

/** Longer than any `delay` of an htmx trigger: without pauses between them such a trigger would never fire. */
const restMs = 700;
const resting = new Map();

export function startLive() {
  if (document.querySelector('[data-live-state]') === null) return;
  const source = new EventSource('/api/events');
  let lost = false;
  source.addEventListener('open', () => {
    show('live', 'live');
    // What happened meanwhile was missed: everything that listens looks again.
    if (lost) for (const name of names) tell(name, {});
    lost = false;
  });
  source.addEventListener('error', () => {
    lost = true;
    const ended = source.readyState === EventSource.CLOSED;
    show('away', ended ? 'not live: reload the page' : 'reconnecting');
    if (ended) setTimeout(checkSession, 1_000);
  });
  for (const name of names) {
    source.addEventListener(name, (event) => tell(name, JSON.parse(event.data || '{}')));
  }
  addEventListener('pagehide', () => source.close());
}

/** At once, then at most one of the same thing each `restMs`, and always the last one. */
function tell(name, detail) {
  const key = `${name} ${detail.id ?? ''}`;
  if (resting.has(key)) {
    resting.set(key, detail);
    return;
  }
  document.body.dispatchEvent(new CustomEvent(`live:${name}`, { detail }));
  resting.set(key, undefined);
  setTimeout(() => {
    const last = resting.get(key);
    resting.delete(key);
    if (last !== undefined) tell(name, last);
  }, restMs);
}

function show(state, text) {
  const place = document.querySelector('[data-live-state]');
  if (place.dataset.liveState === state) return;
  place.dataset.liveState = state;
  place.querySelector('[data-live-text]').textContent = text;
}

/** A stream that ended for good: the session is over, or the api stopped. */
async function checkSession() {
  const answer = await fetch('/api/settings', { headers: { accept: 'application/json' } }).catch(
    () => undefined,
  );
  if (answer?.status === 401) logIn();
  else if (answer?.ok) location.reload();
  else setTimeout(checkSession, 5_000);
}
