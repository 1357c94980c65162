// j/k or the arrows walk the rows, Enter opens (it is a link), / searches, u uploads.

const rows = () => [...document.querySelectorAll('#live .row-focus')];

function isTyping(target) {
  return target.matches('input:not([type="checkbox"]), textarea, select, [contenteditable]');
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const row = document.activeElement.closest('tr');
  const at = all.findIndex((link) => link.closest('tr') === row);
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
  all[next].focus();
  all[next].scrollIntoView({ block: 'nearest' });
}

export function startKeyboard({ openUpload }) {
  const search = document.getElementById('search');
  const keys = {
    j: () => step(1),
    ArrowDown: () => step(1),
    k: () => step(-1),
    ArrowUp: () => step(-1),
    '/': () => search.focus(),
    u: openUpload,
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (event.target === search && event.key === 'Escape') {
      search.blur();
      return;
    }
    if (event.target === search && ['ArrowDown', 'Enter'].includes(event.key)) {
      event.preventDefault();
      step(1);
      return;
    }
    if (isTyping(event.target) || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
}
