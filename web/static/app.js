// The browser's part: live events, forms and buttons that name their REST route, times that stay true.
import { startActions } from './actions.js';
import { logIn } from './api.js';
import { startForms } from './forms.js';
import { startLive } from './live.js';
import { startTimes } from './times.js';

// A part of the page that loads itself finds out, too, that the session is over.
document.body.addEventListener('htmx:responseError', ({ detail }) => {
  if (detail.xhr.status === 401) logIn();
});
startForms();
startActions();
startTimes();
startLive();
