// Where the hand-edited report and the table disagree: said beside the text, one entry per sentence.
// The list takes its room from the foot of the editor, so that the text above it does not move.

import { button, byId, el, say } from './dom.js';

export class Contradictions {
  #shown = '';

  constructor(store) {
    this.store = store;
    this.area = byId('text');
    store.subscribe((state) => this.#show(state));
  }

  #show(state) {
    const writing = Boolean(state.may_write && state.text_is_manual);
    const open = writing ? state.contradictions : [];
    const checked = state.text_is_checked || !writing;
    say(byId('contradictions-count'), checked ? counted(open) : 'This text could not be checked against the table.');
    const sentences = bySentence(open);
    // Typing moves sentences without changing them: what is on the page stays, with focus and scroll.
    const now = JSON.stringify(sentences.map(({ quote, messages }) => [quote, messages]));
    if (now === this.#shown) return;
    this.#shown = now;
    byId('contradictions').replaceChildren(
      ...sentences.map((sentence, place) =>
        el(
          'li',
          {},
          el('q', {}, sentence.quote),
          button('Go to it', () => this.#goTo(place), { class: 'small', 'aria-label': `Go to the sentence: ${sentence.quote}` }),
          ...sentence.messages.map((message) => el('p', {}, message)),
        ),
      ),
    );
  }

  #goTo(place) {
    const { area } = this;
    const { text, contradictions } = this.store.state;
    const { start, end } = bySentence(contradictions)[place];
    const found = area.value === text ? start : nearest(area.value, text.slice(start, end), start);
    // A field scrolls to its cursor when it takes the focus, not when the cursor is set.
    area.blur();
    area.setSelectionRange(found, found);
    area.focus();
  }
}

// "2 contradictions between text and table", or nothing to say.
export function counted(open) {
  if (!open?.length) return '';
  return `${open.length} contradiction${open.length > 1 ? 's' : ''} between text and table`;
}

// What is wrong, for a list that is only read.
export function listed(open) {
  const items = bySentence(open).map(({ quote, messages }) =>
    el('li', {}, el('q', {}, quote), ...messages.map((message) => el('p', {}, message))),
  );
  return el('ul', { class: 'contradictions' }, ...items);
}

function bySentence(open) {
  const sentences = new Map();
  for (const { start, end, quote, message } of open) {
    if (!sentences.has(start)) sentences.set(start, { start, end, quote, messages: [] });
    sentences.get(start).messages.push(message);
  }
  return [...sentences.values()];
}

// Where a sentence stands in a text that was edited since; its old place when it is gone.
function nearest(text, sentence, before) {
  const after = text.indexOf(sentence, Math.min(before, text.length));
  const ahead = text.lastIndexOf(sentence, before);
  const found = [after, ahead].filter((at) => at >= 0).sort((a, b) => Math.abs(a - before) - Math.abs(b - before));
  return found[0] ?? Math.min(before, text.length);
}
