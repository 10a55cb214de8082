// Turns live events into `live:soon`: they come faster than a page should be read, so at most one each 600 ms, and
// always one after the last (an htmx `delay` would wait for a pause that a long sync does not make).
const restMs = 600;
const names = ['run', 'runs', 'provider', 'provider-removed', 'destination', 'model', 'models'];
let timer;
let isDue = false;

for (const name of names) document.body.addEventListener(`live:${name}`, soon);

function soon() {
  isDue = true;
  timer ??= setTimeout(tell, 60);
}

function tell() {
  timer = undefined;
  if (!isDue) return;
  isDue = false;
  document.body.dispatchEvent(new CustomEvent('live:soon'));
  timer = setTimeout(tell, restMs);
}
