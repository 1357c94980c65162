// Upload: files, folders and zips, chosen or dropped, in batches with real progress.
import { refresh } from './rows.js';

const BATCH_FILES = 50;
const BATCH_BYTES = 64 * 1024 * 1024;
const MEGABYTE = 1e6;

const by = (id) => document.getElementById(id);

// Batches of files; one that is larger than a batch goes alone.
export function batches(files) {
  const made = [];
  let batch = [];
  let bytes = 0;
  for (const file of files) {
    if (batch.length && (batch.length >= BATCH_FILES || bytes + file.size > BATCH_BYTES)) {
      made.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(file);
    bytes += file.size;
  }
  if (batch.length) made.push(batch);
  return made;
}

// One request; resolves with the server's receipt. XMLHttpRequest, since fetch tells no upload progress.
function send(batch, source, onSent, onRequest) {
  return new Promise((resolve, reject) => {
    const form = by('upload-form');
    const body = new FormData();
    body.append('csrfmiddlewaretoken', form.elements.csrfmiddlewaretoken.value);
    body.append('source', source);
    for (const file of batch) body.append('files', file, file.name);
    const request = new XMLHttpRequest();
    onRequest(request);
    request.open('POST', form.action);
    request.setRequestHeader('Accept', 'application/json');
    request.responseType = 'json';
    request.upload.addEventListener('progress', (event) => onSent(event.loaded));
    request.addEventListener('load', () => {
      if (request.status === 200 && request.response?.stored !== undefined) resolve(request.response);
      else reject(new Error(request.response?.error ?? `The server answered ${request.status}.`));
    });
    request.addEventListener('error', () => reject(new Error('The connection was lost.')));
    request.addEventListener('abort', () => reject(new Error('Stopped.')));
    request.send(body);
  });
}

// The files of what was dropped, folders walked. readEntries gives 100 at a time.
async function filesOf(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const files = [];
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return files;
    for (const inner of entries) files.push(...(await filesOf(inner)));
  }
}

function line(text, className) {
  const element = document.createElement('p');
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

// Reasons of another batch, into those of the batches before it: each reason is told once.
export function merge(reasons, more) {
  for (const one of more) {
    const known = reasons.find((reason) => reason.message === one.message);
    if (known) known.count += one.count;
    else reasons.push({ ...one });
  }
}

const count = (number, word) => `${number} ${word}${number === 1 ? '' : 's'}`;

class Upload {
  constructor() {
    this.dialog = by('upload');
    this.running = false;
    by('open-upload').addEventListener('click', () => this.open());
    by('close-upload').addEventListener('click', () => this.dialog.close());
    by('stop-upload').addEventListener('click', () => this.stop());
    for (const [button, input, source] of [['pick-folder', 'folder-input', 'folder'], ['pick-files', 'file-input', 'files']]) {
      by(button).addEventListener('click', () => by(input).click());
      by(input).addEventListener('change', (event) => {
        const files = [...event.target.files];
        event.target.value = '';
        this.run(files, source);
      });
    }
    this.listenForDrops();
    window.addEventListener('beforeunload', (event) => { if (this.running) event.preventDefault(); });
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  stop() {
    this.stopped = true;
    this.request?.abort();
  }

  listenForDrops() {
    const drop = by('drop');
    const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
    window.addEventListener('dragenter', (event) => { if (carriesFiles(event)) drop.hidden = false; });
    window.addEventListener('dragover', (event) => { if (carriesFiles(event)) event.preventDefault(); });
    window.addEventListener('dragleave', (event) => { if (!event.relatedTarget) drop.hidden = true; });
    window.addEventListener('drop', async (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      drop.hidden = true;
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
      const source = entries.some((entry) => entry.isDirectory) ? 'folder' : 'files';
      this.open();
      try {
        const files = (await Promise.all(entries.map(filesOf))).flat();
        await this.run(files, source);
      } catch {
        by('upload-result').replaceChildren(line('What was dropped cannot be read.', 'bad'));
      }
    });
  }

  async run(files, source) {
    if (this.running || !files.length) return;
    this.running = true;
    this.stopped = false;
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const receipt = { stored: 0, duplicates: 0, skipped: 0, refused: 0, rejected: [], studies: new Set() };
    this.show(true);
    let done = 0;
    try {
      for (const batch of batches(files)) {
        if (this.stopped) throw new Error('Stopped.');
        const answer = await send(batch, source, (sent) => this.tell(done + sent, total), (request) => { this.request = request; });
        done += batch.reduce((sum, file) => sum + file.size, 0);
        this.add(receipt, answer);
        this.tell(done, total);
        refresh();
      }
      this.report(receipt, '');
    } catch (problem) {
      this.report(receipt, problem.message);
    } finally {
      this.running = false;
      this.show(false);
      refresh();
    }
  }

  add(receipt, answer) {
    for (const name of ['stored', 'duplicates', 'skipped', 'refused']) receipt[name] += answer[name];
    merge(receipt.rejected, answer.rejected);
    for (const study of answer.studies) receipt.studies.add(study);
  }

  show(running) {
    by('upload-progress').hidden = !running;
    by('stop-upload').hidden = !running;
    for (const id of ['pick-folder', 'pick-files', 'close-upload']) by(id).disabled = running;
    if (running) {
      by('upload-result').replaceChildren();
      this.tell(0, 1);
    }
  }

  tell(sent, total) {
    const share = total ? Math.min(sent / total, 1) : 1;
    by('upload-bar').value = share * 100;
    const megabytes = (bytes) => (bytes / MEGABYTE).toFixed(1);
    by('upload-said').textContent = share < 1
      ? `Sending: ${Math.floor(share * 100)} % of ${megabytes(total)} MB`
      : 'Sent; the images are being checked and stored.';
  }

  report(receipt, problem) {
    const parts = [`${count(receipt.stored, 'image')} stored in ${count(receipt.studies.size, receipt.studies.size === 1 ? 'study' : 'studie')}.`];
    if (receipt.duplicates) parts.push(`${count(receipt.duplicates, 'image')} already here.`);
    if (receipt.skipped) parts.push(`${count(receipt.skipped, 'other file')} skipped.`);
    const shown = [line(parts.join(' '), receipt.stored ? 'good' : '')];
    if (problem) shown.push(line(`${problem} What is named above is stored; send the rest again.`, 'bad'));
    if (receipt.refused) shown.push(line(`${count(receipt.refused, 'file')} refused:`, 'warn'), this.refusedList(receipt.rejected));
    by('upload-result').replaceChildren(...shown);
  }

  refusedList(reasons) {
    const list = document.createElement('ul');
    for (const { message, count: files, files: examples } of reasons) {
      const item = document.createElement('li');
      const name = document.createElement('span');
      name.className = 'file';
      const more = files - examples.length;
      name.textContent = examples.join(', ') + (more > 0 ? ` and ${more} more` : '');
      item.append(name, message);
      list.append(item);
    }
    return list;
  }
}

export function startUpload() {
  const upload = new Upload();
  return { open: () => upload.open() };
}
