// Small helpers around the DOM. Text always goes in as text, never as HTML.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function svg(tag, attributes = {}, text = '') {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text) node.textContent = text;
  return node;
}

export const byId = (id) => document.getElementById(id);

export function button(label, onclick, attributes = {}) {
  return el('button', { type: 'button', onclick, ...attributes }, label);
}

// Set text only when it differs: a live region must not repeat itself.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function clock(iso) {
  return new Date(iso).toLocaleTimeString('en-GB', { hour12: false });
}

// Ask in the page's own dialog; resolves with the chosen value, or null for "cancel" and Escape.
export function ask({ title, body = [], choices, cancel = 'Cancel' }) {
  const dialog = byId('ask');
  return new Promise((resolve) => {
    const done = (value) => {
      dialog.onclose = null;
      dialog.close();
      resolve(value);
    };
    dialog.onclose = () => resolve(null);
    const buttons = choices.map(({ label, value, primary, check }) =>
      button(label, () => (!check || check()) && done(value()), { class: primary ? 'primary' : null }),
    );
    dialog.replaceChildren(
      el('h2', { id: 'ask-title' }, title),
      ...body,
      el('div', { class: 'row' }, ...buttons, button(cancel, () => done(null))),
    );
    dialog.showModal();
  });
}
