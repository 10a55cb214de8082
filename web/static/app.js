// The browser's part: live events, forms and buttons that name their REST route, times that stay true.
import { startActions } from './actions.js';
import { startForms } from './forms.js';
import { startLive } from './live.js';
import { startTimes } from './times.js';

startForms();
startActions();
startTimes();
startLive();
