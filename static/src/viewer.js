// Entry of the review page: reads what the server put into it, then opens the reading room.

import { init as initCore } from '@cornerstonejs/core';
import dicomImageLoader from '@cornerstonejs/dicom-image-loader';
import { init as initTools } from '@cornerstonejs/tools';
import { byId } from './viewer/dom.js';
import { Room } from './viewer/room.js';

const boot = JSON.parse(byId('boot').textContent);
// Table and report first: they work even where the browser cannot draw images.
const room = new Room(boot);
// Back from the signed version: a page that the browser kept is older than what was signed.
window.addEventListener('pageshow', (event) => event.persisted && room.store.look());
if (location.hash === '#amend') byId('amend')?.focus();

try {
  await initCore();
  dicomImageLoader.init({ maxWebWorkers: 2, strict: false });
  initTools();
  await room.openImages();
} catch (error) {
  console.error(error);
  room.failed(error, 'The images cannot be shown in this browser. It needs WebGL 2.');
}
