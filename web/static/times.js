// `<time datetime data-ago>` says how long ago, and goes on being true.
const steps = [
  [60, 1, 's'],
  [3600, 60, 'min'],
  [172_800, 3600, 'h'],
  [Infinity, 86_400, 'days'],
];

export function startTimes() {
  renew();
  setInterval(renew, 10_000);
  document.body.addEventListener('htmx:afterSwap', renew);
}

function renew() {
  for (const time of document.querySelectorAll('time[data-ago]')) {
    const at = new Date(time.dateTime);
    time.title = at.toLocaleString();
    time.textContent = words((Date.now() - at.getTime()) / 1000);
  }
}

function words(seconds) {
  const size = Math.abs(seconds);
  if (size < 5) return 'just now';
  const [, unit, name] = steps.find(([below]) => size < below);
  const count = `${Math.round(size / unit)} ${name}`;
  return seconds >= 0 ? `${count} ago` : `in ${count}`;
}
