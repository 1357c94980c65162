// The worklist page: live rows by htmx, keyboard, upload.
import 'htmx.org';
import { startKeyboard } from './worklist/keyboard.js';
import { startRows } from './worklist/rows.js';
import { startUpload } from './worklist/upload.js';

startRows();
const upload = startUpload();
startKeyboard({ openUpload: upload.open });
