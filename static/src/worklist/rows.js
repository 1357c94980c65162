// The live part of the page. The server answers 204 while nothing changed, so nothing is
// swapped; when something did, focus and the open panel stay where they were (htmx gives
// the focus back to the element of the same id).
import htmx from 'htmx.org';

const filters = document.getElementById('filters');
const live = document.getElementById('live');
const offline = document.getElementById('offline');

export function refresh() {
  htmx.trigger(filters, 'refresh');
}

function ask(values) {
  for (const [name, value] of Object.entries(values)) filters.elements[name].value = value;
  refresh();
}

function followLink(event) {
  const link = event.target.closest('a[data-state], a[data-sort], a[data-page], a[data-reset]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  const { state, sort, page } = link.dataset;
  if ('reset' in link.dataset) {
    filters.elements.mine.checked = false;
    ask({ state: 'all', q: '', page: 1 });
  } else if (state) ask({ state, page: 1 });
  else if (sort) ask({ sort, page: 1 });
  else ask({ page });
  history.replaceState(null, '', link.getAttribute('href') === '?' ? location.pathname : link.href);
}

// A button of a row: sent in the background, then the rows are asked for at once.
async function act(event) {
  event.preventDefault();
  const button = event.submitter;
  button.disabled = true;
  try {
    await fetch(button.formAction, { method: 'POST', body: new FormData(event.target, button), redirect: 'manual' });
  } finally {
    button.disabled = false;
    refresh();
  }
}

export function startRows() {
  let timer = 0;
  filters.addEventListener('submit', (event) => event.preventDefault());
  filters.elements.q.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask({ page: 1 }), 250);
  });
  filters.elements.mine.addEventListener('change', () => ask({ page: 1 }));
  live.addEventListener('click', followLink);
  document.getElementById('act').addEventListener('submit', act);

  filters.addEventListener('htmx:beforeRequest', (event) => {
    if (document.hidden) event.preventDefault();
  });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
  filters.addEventListener('htmx:beforeSwap', (event) => {
    // The session ended: the answer is the login page, which must not land among the rows.
    if (!event.detail.xhr.responseURL.includes('/worklist/rows/')) {
      event.preventDefault();
      location.reload();
    }
  });
  const openBefore = new Set();
  document.body.addEventListener('htmx:beforeSwap', () => {
    openBefore.clear();
    for (const details of live.querySelectorAll('details[open]')) openBefore.add(details.id);
  });
  document.body.addEventListener('htmx:afterSwap', () => {
    for (const id of openBefore) document.getElementById(id)?.setAttribute('open', '');
    filters.elements.seen.value = document.getElementById('live-body').dataset.digest;
  });
  for (const name of ['htmx:sendError', 'htmx:responseError', 'htmx:timeout']) {
    filters.addEventListener(name, () => { offline.hidden = false; });
  }
  filters.addEventListener('htmx:afterRequest', (event) => { if (event.detail.successful) offline.hidden = true; });
}
