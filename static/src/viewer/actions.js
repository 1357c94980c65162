// What can be done with the study as a whole: start, release, sign, amend; and what the reader should know.

import { counted, listed } from './contradictions.js';
import { ask, button, byId, clock, el } from './dom.js';
import { readAgain, reviewNotices, secondReviewButtons, startSecondReview } from './reviews.js';
import { chanceOf, wasChanged } from './table.js';

const MACHINE_AT_WORK = ['received', 'queued', 'running'];

export class Actions {
  constructor(boot, store, report, { failed }) {
    this.boot = boot;
    this.store = store;
    this.report = report;
    this.failed = failed;
    store.subscribe((state) => this.#show(state));
  }

  #show(state) {
    byId('banner').replaceChildren(...this.#banners(state));
    byId('actions').replaceChildren(...this.#buttons(state));
  }

  #banners(state) {
    const { failure, warnings } = this.boot.machine;
    const shown = [];
    if (MACHINE_AT_WORK.includes(state.study_state)) {
      shown.push(notice('The machine has not finished this study. You can look at the images; the table appears when it is drafted.'));
    }
    if (state.by_hand && failure) shown.push(notice(`Not read by the machine: ${failure}`, 'warning'));
    if (state.read_again && state.findings.some((finding) => !finding.confirmed_at)) {
      shown.push(notice('The machine read this study again; confirm each level again.', 'warning'));
    }
    if (state.late_images && state.late_images !== state.late_acknowledged) shown.push(this.#late(state));
    shown.push(...reviewNotices(state, this.boot.base, (path, body) => this.#do(path, body)));
    if (state.claimed_by && !state.mine && state.purpose !== 'second') {
      const doing = state.signed_version ? 'amending this report' : 'reading this study';
      shown.push(notice(`${state.claimed_by} is ${doing} now. You can look, and take it over if you must.`, 'warning'));
    }
    if (state.signed_version && !state.amends) {
      shown.push(
        notice(
          el('span', {}, `Signed as version ${state.signed_version}. `, el('a', { href: `${this.boot.base}versions/${state.signed_version}/` }, 'Read the signed report')),
        ),
      );
    }
    if (state.amends && state.mine) shown.push(notice(`You are amending version ${state.amends}, which stays as it is.`));
    if (warnings.length) shown.push(...warnings.map((warning) => notice(warning, 'warning')));
    return shown;
  }

  #late(state) {
    const images = `${state.late_images} image${state.late_images > 1 ? 's' : ''} arrived after the machine read this study.`;
    const seen = state.may_write
      ? button('I have looked at them', () => this.#do('late/', { count: state.late_images }), { class: 'small' })
      : null;
    const reload = button('Reload the images', () => location.reload(), { class: 'small' });
    return el('div', { class: 'notice warning', role: 'status' }, images, el('div', { class: 'row' }, reload, seen));
  }

  #buttons(state) {
    const act = (path, body) => this.#do(path, body);
    if (state.mine && state.amends) {
      return [
        button('Sign amendment…', () => this.#signAmendment(), { class: 'primary' }),
        button('Discard amendment…', () => this.#discard()),
        readAgain(state, act),
        this.#left(state),
      ].filter(Boolean);
    }
    if (state.mine && state.study_state === 'in_review') {
      return [
        button('Sign report…', () => this.#sign(), { class: 'primary' }),
        button('Release', () => this.#do('release/'), { title: 'Hand the study back to the worklist; your work stays' }),
        readAgain(state, act),
        this.#left(state),
      ].filter(Boolean);
    }
    const second = secondReviewButtons(state, act);
    if (second) return second;
    if (state.claimed_by) return [button('Take over…', () => this.#takeOver(state)), startSecondReview(state, act)].filter(Boolean);
    if (state.study_state === 'drafted') return [button('Start review', () => this.#do('claim/'), { class: 'primary' })];
    if (state.study_state === 'failed') return [button('Read by hand', () => this.#do('claim/'), { class: 'primary' })];
    if (state.signed_version) return [button('Amend', () => this.#do('amend/start/', { amends: state.signed_version }), { id: 'amend' })];
    return [];
  }

  #left(state) {
    const [first] = shorten(state.missing);
    const open = counted(state.contradictions);
    const ready = open ? `Can be signed, with ${open}.` : 'Ready to sign.';
    return el('p', { class: 'left-to-do quiet' }, first ? `Before signing: ${first}` : ready);
  }

  async #do(path, body) {
    try {
      await this.store.write(path, body);
      this.failed(null);
      return true;
    } catch (error) {
      this.failed(error, 'Not done.');
      return false;
    }
  }

  async #sign() {
    await this.report.saveNow();
    if (await this.#missing()) return;
    const { contradictions: open } = this.store.state;
    const go = await ask({
      title: 'Sign this report?',
      body: this.#summary('The signed version cannot be changed; an amendment is a new version.'),
      choices: [{ label: knowingly('Sign', open), value: () => true, primary: !open.length }],
      cancel: open.length ? 'Back to the report' : 'Cancel',
    });
    if (go && (await this.#do('sign/', { contradictions: open.length }))) this.#toVersion();
  }

  async #signAmendment() {
    await this.report.saveNow();
    if (await this.#missing()) return;
    const reason = el('input', { id: 'reason', required: true, maxlength: '2000', autocomplete: 'off' });
    const hint = el('p', { class: 'quiet', role: 'status' });
    const check = () => {
      const enough = reason.value.trim().length >= 5;
      if (!enough) {
        hint.textContent = 'Say why the report is amended, in a few words.';
        reason.setAttribute('aria-invalid', 'true');
        reason.focus();
      }
      return enough;
    };
    const { contradictions: open } = this.store.state;
    const why = await ask({
      title: `Sign the amendment of version ${this.store.state.amends}?`,
      body: [el('label', { for: 'reason' }, 'Reason'), reason, hint, ...this.#summary('The earlier version stays readable beside the new one.')],
      choices: [{ label: knowingly('Sign amendment', open), value: () => reason.value, primary: !open.length, check }],
      cancel: open.length ? 'Back to the report' : 'Cancel',
    });
    if (why !== null && (await this.#do('amend/', { reason: why, contradictions: open.length }))) this.#toVersion();
  }

  #toVersion() {
    location.assign(`${this.boot.base}versions/${this.store.state.signed_version}/`);
  }

  // Shows what is left to do; resolves to whether there is anything.
  async #missing() {
    const { missing } = this.store.state;
    if (this.report.conflict || this.report.dirty) {
      this.failed(new Error('Your text is not saved yet.'), 'Not signed.');
      return true;
    }
    if (!missing.length) return false;
    await ask({
      title: 'Not ready to sign',
      body: [el('p', {}, 'Still to do:'), el('ul', {}, ...shorten(missing).map((one) => el('li', {}, one)))],
      choices: [],
      cancel: 'Back to the review',
    });
    return true;
  }

  #summary(note) {
    const { state } = this.store;
    const label = (value) => this.boot.words.grades.find((grade) => grade.value === value)?.label.toLowerCase();
    const site = (value) => this.boot.words.sites.find((one) => one.value === value)?.label.toLowerCase();
    const say = (finding) => `${finding.level} ${site(finding.site)}: ${label(finding.grade)}`;
    const changed = state.findings.filter(wasChanged);
    // Where the machine gave no grade, the reader's is no change of one.
    const graded = state.findings.filter((finding) => finding.changed && finding.machine_grade === 'not_assessed');
    const doubted = state.findings.filter((finding) => finding.uncertain);
    const unchanged = state.by_hand ? 'Read by hand.' : "You changed none of the machine's grades.";
    return [
      ...this.#open(state),
      ...items(changed.map((finding) => `${say(finding)} (machine: ${label(finding.machine_grade)})`), 'You changed:', unchanged),
      ...items(graded.map(say), 'You graded:'),
      ...items(doubted.map((finding) => `${say(finding)} (${chanceOf(finding)})`), 'Uncertain, and signed as the machine says:'),
      el('pre', { class: 'other-text', tabindex: '0', 'aria-label': 'Report' }, state.text),
      el('p', { class: 'quiet' }, `You sign as ${this.boot.user}. ${note}`),
    ].filter(Boolean);
  }

  #open({ contradictions: open, text_is_checked: checked }) {
    if (!checked) return [el('p', { class: 'notice warning' }, 'This text could not be checked against the table.')];
    if (!open.length) return [];
    return [el('div', { class: 'notice warning' }, el('p', {}, `${counted(open)}:`), listed(open))];
  }

  async #discard() {
    const go = await ask({
      title: 'Discard this amendment?',
      body: [el('p', {}, `Table and text go back to version ${this.store.state.amends}.`)],
      choices: [{ label: 'Discard', value: () => true }],
      cancel: 'Keep working',
    });
    if (go) await this.#do('amend/discard/');
  }

  async #takeOver(state) {
    const go = await ask({
      title: `Take this study over from ${state.claimed_by}?`,
      body: [el('p', {}, `Their work stays, and they can no longer write. The audit trail says that you took it over at ${clock(new Date())}.`)],
      choices: [{ label: 'Take over', value: () => true }],
    });
    if (go) await this.#do('take-over/');
  }
}

function notice(content, kind = '') {
  return el('div', { class: `notice ${kind}`, role: 'status' }, content);
}

// A short list under its title, or the sentence for when there is nothing to list.
function items(list, title, none = '') {
  if (!list.length) return none ? [el('p', {}, none)] : [];
  return [el('p', {}, title), el('ul', {}, ...list.map((one) => el('li', {}, one)))];
}

// The reader may know better than the check, and then says so by this button.
function knowingly(label, open) {
  return open.length ? `${label} with ${open.length} contradiction${open.length > 1 ? 's' : ''}` : label;
}

// "Confirm L1-L2. Confirm L2-L3." as one sentence.
function shorten(missing) {
  const confirm = missing.filter((one) => one.startsWith('Confirm '));
  const rest = missing.filter((one) => !one.startsWith('Confirm '));
  const levels = confirm.map((one) => one.slice('Confirm '.length, -1)).join(', ');
  return [...(levels ? [`Confirm ${levels}.`] : []), ...rest];
}
