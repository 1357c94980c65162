// The report's text. It follows the table until a hand edits it; what a hand wrote is never replaced,
// neither by the table, nor by another tab, nor by a lost connection.

import { Refused } from './api.js';
import { button, byId, clock, el, say } from './dom.js';
import { Unsaved } from './unsaved.js';

const QUIET_MS = 700;
const RETRY_MS = 5000;

export class Report {
  #timer = 0;

  constructor(store, { failed }) {
    this.store = store;
    this.failed = failed;
    this.area = byId('text');
    this.saved = byId('saved');
    // What the editor's text began from: the saved text, and the table's sentences behind it.
    this.base = null;
    this.conflict = false;
    this.failing = false;
    this.unsaved = new Unsaved(store.base, store.user);
    this.area.addEventListener('input', () => this.#typed());
    this.area.addEventListener('blur', () => this.saveNow());
    window.addEventListener('beforeunload', (event) => {
      if (this.dirty) event.preventDefault();
    });
    window.addEventListener('pagehide', () => this.#saveLast());
    // Back from logging in in another tab.
    window.addEventListener('focus', () => this.failing && this.saveNow());
    store.beforeWrite = () => this.#save();
    store.subscribe((state) => this.#accept(state));
  }

  get dirty() {
    return this.base !== null && this.area.value !== this.base.text;
  }

  // Save what is typed, after whatever is being written now.
  saveNow() {
    clearTimeout(this.#timer);
    return this.store.queue(() => this.#save()).catch((error) => this.#failedToSave(error));
  }

  #typed() {
    this.unsaved.keep(this.dirty ? this.area.value : null);
    say(this.saved, this.conflict ? 'Not saved' : 'Saving…');
    clearTimeout(this.#timer);
    if (!this.conflict) this.#timer = setTimeout(() => this.saveNow(), QUIET_MS);
  }

  async #save() {
    if (!this.dirty || this.conflict || !this.store.state.may_write) return;
    const text = this.area.value;
    try {
      await this.store.send('draft/', { text, based_on: this.base.sentences });
    } catch (error) {
      // Only the table was changed elsewhere: the text can go on top of that.
      if (!(error instanceof Refused) || error.code !== 'stale' || this.conflict) throw error;
      await this.store.send('draft/', { text, based_on: this.base.sentences });
    }
    say(this.saved, `Saved ${clock(this.store.state.saved_at)}`);
    if (this.failing) this.failed(null);
    this.failing = false;
    if (this.dirty) this.#typed();
  }

  #saveLast() {
    if (!this.dirty || this.conflict || !this.store.state.may_write) return;
    this.store.sendLast('draft/', { text: this.area.value, based_on: this.base.sentences });
  }

  #failedToSave(error) {
    if (this.conflict) return;
    say(this.saved, 'Not saved');
    this.failing = true;
    this.failed(error, 'The report was not saved.');
    clearTimeout(this.#timer);
    if (!(error instanceof Refused)) this.#timer = setTimeout(() => this.saveNow(), RETRY_MS);
  }

  #accept(state) {
    if (state.text === undefined) return;
    const mine = this.area.value;
    const isFirst = this.base === null;
    if (isFirst || !this.dirty || mine === state.text) {
      if (mine !== state.text) this.#put(state.text);
      this.base = { text: state.text, sentences: state.sentences };
      this.#settled();
    } else if (state.text_is_manual && state.text !== this.base.text) {
      this.#showConflict(state);
    }
    this.unsaved.keep(this.dirty ? mine : null);
    this.#offer(state);
    this.area.readOnly = !state.may_write;
    this.#describe(state);
    this.#suggest(state);
  }

  #put(text) {
    const { selectionStart, selectionEnd, scrollTop } = this.area;
    this.area.value = text;
    this.area.setSelectionRange(selectionStart, selectionEnd);
    this.area.scrollTop = scrollTop;
  }

  #describe(state) {
    const mode = state.text_is_manual ? 'edited by hand' : 'follows the table';
    say(byId('text-mode'), mode);
    if (!this.dirty && !this.conflict) say(this.saved, state.saved_at ? `Saved ${clock(state.saved_at)}` : '');
    const actions = [];
    if (state.may_write && state.text_is_manual) {
      actions.push(button('Follow the table again', () => this.#act('draft/follow/'), { class: 'small' }));
    }
    if (state.may_write && state.has_set_aside_text) {
      actions.push(button('Bring back my earlier text', () => this.#act('draft/bring-back/'), { class: 'small' }));
    }
    byId('text-actions').replaceChildren(...actions);
  }

  #suggest(state) {
    const list = byId('suggestions');
    const open = state.suggestions ?? [];
    if (!open.length) {
      list.replaceChildren();
      return;
    }
    const all = open.length > 1 && state.may_write;
    list.replaceChildren(
      el(
        'div',
        { class: 'part-head' },
        el('h3', {}, `The table now says (${open.length})`),
        all ? button('Use all', () => this.#act('draft/use-all/'), { class: 'small' }) : null,
      ),
      el('ul', { class: 'suggestions' }, ...open.map((one) => this.#suggestion(one, state.may_write))),
    );
  }

  #suggestion(one, mayWrite) {
    const act = (action) => () => this.#act(`draft/${action}/`, { key: one.key });
    const use = { true: 'Replace', false: 'Insert' }[Boolean(one.now) && one.standing];
    const note = one.was && !one.standing ? 'You rewrote the earlier sentence; inserting keeps yours.' : '';
    return el(
      'li',
      {},
      el('div', { class: 'said' }, one.now || 'No longer says: ', one.now ? null : el('s', {}, one.was)),
      one.now && one.was ? el('div', { class: 'quiet' }, note || 'instead of: ', note ? null : el('s', {}, one.was)) : null,
      mayWrite
        ? el(
            'div',
            { class: 'row' },
            button(one.now ? use : 'Remove', act('use'), { class: 'small' }),
            button('Dismiss', act('dismiss'), { class: 'small' }),
          )
        : null,
    );
  }

  async #act(path, body) {
    try {
      await this.store.write(path, body);
      this.failed(null);
    } catch (error) {
      this.failed(error, 'The report was not changed.');
    }
  }

  #showConflict(state) {
    this.conflict = true;
    say(this.saved, 'Not saved');
    const who = state.saved_by ? ` by ${state.saved_by} at ${clock(state.saved_at)}` : '';
    byId('conflict').replaceChildren(
      el(
        'div',
        { class: 'notice warning', role: 'alert' },
        el('p', {}, `The report was changed elsewhere${who}. Your text is still in the editor and is not saved yet. Whichever you choose, the other can be brought back.`),
        el('details', {}, el('summary', {}, 'Show the other text'), el('pre', { class: 'other-text' }, state.text)),
        el(
          'div',
          { class: 'row' },
          button('Keep my text', () => this.#resolve([]), { class: 'small primary' }),
          button('Take the other text', () => this.#resolve(['draft/bring-back/']), { class: 'small' }),
        ),
      ),
    );
  }

  // Text that an earlier load of this page did not get saved is offered back, never put back unasked.
  #offer(state) {
    const { unsaved } = this;
    if (unsaved.left === state.text) unsaved.settle();
    const place = byId('unsaved');
    if (unsaved.left === null) return place.replaceChildren();
    const choices = [
      state.may_write && button('Put it into the report', () => this.#putBack(), { class: 'small primary' }),
      button('Throw it away', () => this.#settleOffer(), { class: 'small' }),
    ];
    if (place.childElementCount && place.dataset.mayWrite === String(state.may_write)) return undefined;
    place.dataset.mayWrite = state.may_write;
    return place.replaceChildren(
      el(
        'div',
        { class: 'notice warning', role: 'status' },
        el('p', {}, 'What you wrote last in this tab was not saved. It is still here.'),
        el('details', {}, el('summary', {}, 'Show it'), el('pre', { class: 'other-text' }, unsaved.left)),
        el('div', { class: 'row' }, ...choices),
      ),
    );
  }

  #settleOffer() {
    this.unsaved.settle();
    byId('unsaved').replaceChildren();
  }

  #putBack() {
    const text = this.unsaved.left;
    return this.store
      .queue(async () => {
        await this.#save();
        await this.store.send('draft/replace/', { text });
        this.#settleOffer();
      })
      .catch((error) => this.failed(error, 'The report was not changed.'));
  }

  // My text replaces the other, which is set aside; bringing it back swaps the two.
  #resolve(more) {
    return this.store
      .queue(async () => {
        await this.store.send('draft/replace/', { text: this.area.value });
        this.#settled();
        this.base = { text: this.store.state.text, sentences: this.store.state.sentences };
        for (const path of more) await this.store.send(path, {});
      })
      .catch((error) => this.failed(error, 'The report was not saved.'));
  }

  #settled() {
    this.conflict = false;
    byId('conflict').replaceChildren();
  }
}
