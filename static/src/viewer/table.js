// The findings: one row per level, the reader's grades beside the machine's, confirmed level by level.

import { button, byId, clock, el, say } from './dom.js';

// What is shown of a level's measures: quantity, name, decimals. A slip is shown when it is one.
const MEASURES = [
  ['canal_ap', 'AP', 1],
  ['canal_area', 'Area', 0],
  ['disc_height', 'Disc', 1],
  ['slip', 'Slip', 1],
];
const FAT = [
  ['foramen_fat_left', 'L', 'Perineural fat of the left foramen'],
  ['foramen_fat_right', 'R', 'Perineural fat of the right foramen'],
];

// What the lowest disc found may be, from the feet up.
const LOWEST = ['S1-S2', 'L5-S1', 'L4-L5', 'L3-L4'];

export class Table {
  #rows = new Map();

  constructor(boot, store, { choose, failed, looked }) {
    this.words = boot.words;
    this.store = store;
    this.choose = choose;
    this.failed = failed;
    this.looked = looked;
    this.measured = new Map(boot.machine.measurements.map((m) => [`${m.place}/${m.quantity}`, m]));
    this.discs = boot.machine.disc_findings;
    this.numbering = boot.machine.numbering;
    this.level = this.words.levels[0];
    this.site = this.words.sites[0].value;
    this.#build();
    store.subscribe((state) => this.#update(state));
  }

  setGrade(grade) {
    if (this.store.state.may_write) this.#change(this.level, this.site, grade);
  }

  moveSite(step) {
    const sites = this.words.sites.map(({ value }) => value);
    this.site = sites[(sites.indexOf(this.site) + step + sites.length) % sites.length];
    this.#mark();
    this.looked(this.level, this.site);
  }

  setLevel(level) {
    this.level = level;
    // What is uncertain is looked at first.
    this.site = this.#open(level).find((finding) => finding.uncertain)?.site ?? this.site;
    this.#mark();
    this.#rows.get(level).body.scrollIntoView({ block: 'nearest' });
  }

  // Confirm the current level; resolves to the level to look at next, or null when none is open.
  async confirmCurrent() {
    if (!this.store.state.may_write) return null;
    const { level } = this;
    if (!this.isConfirmed(level) && !(await this.#write(`findings/${level}/confirm/`, `${level} was not confirmed.`))) {
      return null;
    }
    const { levels } = this.words;
    const after = [...levels.slice(levels.indexOf(level) + 1), ...levels.slice(0, levels.indexOf(level))];
    return this.#next(after);
  }

  isConfirmed(level) {
    const rows = this.store.state.findings.filter((row) => row.level === level);
    return rows.length > 0 && rows.every((row) => row.confirmed_at);
  }

  firstOpen() {
    return this.#next(this.words.levels) ?? this.words.levels[0];
  }

  // Of the levels in this order the first with an uncertain grade that nobody has confirmed, else the first open one.
  #next(levels) {
    const open = levels.filter((level) => !this.isConfirmed(level));
    return open.find((level) => this.#open(level).some((finding) => finding.uncertain)) ?? open[0] ?? null;
  }

  #open(level) {
    return this.store.state.findings.filter((row) => row.level === level && !row.confirmed_at);
  }

  #build() {
    const head = el(
      'tr',
      {},
      el('th', { scope: 'col' }, 'Level'),
      ...this.words.sites.map(({ column, label }) => el('th', { scope: 'col', title: label }, column)),
      el('th', { scope: 'col' }, el('span', { class: 'visually-hidden' }, 'Confirm')),
    );
    const bodies = this.words.levels.map((level) => this.#row(level));
    // A row has one line for what was measured and said; what does not fit is said in full here, in a place
    // that is always kept: nothing moves under the pointer when a row becomes the current one.
    this.full = el('p', { class: 'detail-full' });
    this.notes = el('p', { class: 'quiet table-notes' });
    const table = el('table', { class: 'findings' }, el('thead', {}, head), ...bodies);
    this.lowest = el('div', { class: 'lowest row', role: 'group', 'aria-label': 'The lowest disc found is' });
    byId('table').replaceChildren(table, this.full, this.lowest, this.notes);
    new ResizeObserver(() => this.#sayInFull()).observe(table);
  }

  #row(level) {
    const cells = new Map(this.words.sites.map(({ value, label }) => [value, this.#cell(level, value, label)]));
    const confirm = button('Confirm', () => this.#toggle(level), { class: 'confirm' });
    const detail = el('p', { class: 'detail' });
    const go = button(level, () => this.choose(level), { class: 'level-name', title: `Go to ${level}` });
    const top = el(
      'tr',
      { class: 'grades' },
      el('th', { scope: 'row' }, go),
      ...[...cells.values()].map(({ cell }) => cell),
      el('td', {}, confirm),
    );
    const below = el('tr', { class: 'details' }, el('td', { colspan: String(cells.size + 2) }, detail));
    const body = el('tbody', { 'data-level': level }, top, below);
    body.addEventListener('focusin', () => {
      this.level = level;
      this.#mark();
    });
    this.#rows.set(level, { body, cells, confirm, detail });
    return body;
  }

  // A choice with its grade written over it: a closed choice of the browser cuts words off, this wraps them.
  #cell(level, site, label) {
    const select = this.#select(level, site, label);
    const shown = el('span', { class: 'shown', 'aria-hidden': 'true' });
    const doubt = el('span', { class: 'doubt', 'aria-hidden': 'true', hidden: true }, '?');
    return { cell: el('td', { class: 'grade' }, select, shown, doubt), select, shown, doubt };
  }

  #select(level, site, label) {
    const options = this.words.grades.map((grade) => el('option', { value: grade.value }, grade.label));
    const select = el('select', { 'aria-label': `${level} ${label}`, 'data-site': site }, ...options);
    let byPointer = false;
    select.addEventListener('pointerdown', () => (byPointer = true));
    select.addEventListener('keydown', () => (byPointer = false));
    select.addEventListener('focus', () => {
      this.site = site;
      this.#mark();
      this.looked(level, site);
    });
    select.addEventListener('change', () => {
      this.#change(level, site, select.value);
      // After a choice by mouse the keys belong to the images again; by keyboard the focus stays.
      if (byPointer) select.blur();
    });
    return select;
  }

  #update(state) {
    for (const [level, row] of this.#rows) {
      const findings = state.findings.filter((finding) => finding.level === level);
      row.body.hidden = findings.length === 0;
      if (findings.length) this.#updateRow(state, level, row, findings);
    }
    this.#showLowest(state);
    const notes = [...this.#uncertain(state), ...notesOf(state.findings, this.words.levels)];
    say(this.notes, notes.join(' '));
    this.notes.hidden = notes.length === 0;
    this.#mark();
  }

  // One click names the lowest disc otherwise; grades, text and planes follow.
  #showLowest(state) {
    if (!this.numbering) return;
    const machine = LOWEST.indexOf(this.numbering.lowest);
    const choices = LOWEST.map((name, place) => ({ name, shift: place - machine })).filter(({ shift }) => Math.abs(shift) <= 1);
    const buttons = choices.map(({ name, shift }) => {
      const title = shift ? 'Every level takes another name; grades, text and planes follow. Confirm each level again.' : 'As the machine named it';
      const choose = button(name, () => this.#renumber(shift), { class: 'small', title, 'aria-pressed': String(shift === state.level_shift) });
      choose.disabled = !state.may_write || shift === state.level_shift;
      return choose;
    });
    const share = this.numbering.probability > 0.99 ? 'over 99 %' : `${Math.round(100 * this.numbering.probability)} %`;
    this.lowest.replaceChildren(el('span', { class: 'quiet' }, 'Lowest disc found'), ...buttons, el('span', { class: 'quiet' }, `machine: ${this.numbering.lowest}, ${share}`));
  }

  async #renumber(shift) {
    if (await this.#write('renumber/', 'The levels were not renamed.', { shift })) location.reload();
  }

  #updateRow(state, level, row, findings) {
    for (const [site, { select, shown, doubt }] of row.cells) {
      const finding = findings.find((one) => one.site === site);
      // A report that was signed with a smaller table stays as it is.
      select.hidden = !finding;
      doubt.hidden = !finding?.uncertain;
      say(shown, finding ? this.#grade(finding.grade) : '–');
      if (!finding) continue;
      select.value = finding.grade;
      select.disabled = !state.may_write;
      select.dataset.grade = finding.grade;
      select.classList.toggle('changed', wasChanged(finding));
      const why = doubtOf(finding) || `less likely than ${state.uncertain_below} %`;
      const doubted = finding.uncertain ? `Uncertain: ${why}.` : '';
      select.title = [this.#machine(finding), doubted, finding.note].filter(Boolean).join(' ');
    }
    const confirmed = this.isConfirmed(level);
    const [{ confirmed_by: by, confirmed_at: at }] = findings;
    row.body.dataset.confirmed = confirmed;
    say(row.confirm, confirmed ? '✓ Done' : 'Confirm');
    row.confirm.disabled = !state.may_write;
    row.confirm.setAttribute('aria-label', confirmed ? `${level} confirmed; take back` : `Confirm ${level}`);
    row.confirm.title = confirmed ? `Confirmed by ${by} at ${clock(at)}. Press to take back.` : `Confirm ${level} (Space)`;
    row.detail.replaceChildren(...this.#details(level, findings));
    row.detail.title = row.detail.textContent;
  }

  #details(level, findings) {
    const parts = [];
    for (const [quantity, name, digits] of MEASURES) {
      const found = this.measured.get(`${level}/${quantity}`);
      if (!found || (quantity === 'slip' && !found.note)) continue;
      parts.push(measure(found, name, digits));
    }
    const fat = this.#fat(level);
    if (fat) parts.push(fat);
    for (const finding of findings.filter(({ uncertain }) => uncertain)) {
      const said = `${this.#site(finding.site)}: ${this.#grade(finding.grade).toLowerCase()}, ${chanceOf(finding)}`;
      parts.push(el('span', { class: 'rule' }, el('span', { class: 'tag warn' }, '? uncertain'), ` ${said}`));
    }
    for (const finding of findings) {
      if (finding.machine_grade === null) continue;
      const isChanged = wasChanged(finding);
      const isCanal = finding.site === 'canal';
      if (isCanal || isChanged) {
        const name = isCanal ? 'Machine' : `${this.#site(finding.site)}, machine`;
        const rule = isCanal && finding.rule ? ` – ${finding.rule}` : '';
        if (isChanged) parts.push(el('span', { class: 'tag warn' }, 'changed'));
        parts.push(el('span', { class: 'rule' }, `${name}: ${this.#grade(finding.machine_grade).toLowerCase()}${rule}`));
      }
    }
    const disc = this.discs[level];
    if (disc) parts.push(el('span', { class: 'disc', title: disc.title }, `Disc: ${disc.text}`));
    return parts.flatMap((part, k) => (k ? [' ', part] : [part]));
  }

  // Both foramina in one, for a row is narrow; what was not seen is left out.
  #fat(level) {
    const seen = FAT.map(([quantity, side, inFull]) => ({ found: this.measured.get(`${level}/${quantity}`), side, inFull })).filter(
      ({ found }) => found && found.value !== null,
    );
    if (!seen.length) return null;
    const sides = seen.map(({ found, side, inFull }) =>
      el('span', { title: titleOf(found, 0, inFull) }, `${side} `, el('b', {}, found.value.toFixed(0)), arrowOf(found), ' '),
    );
    return el('span', { class: 'measure' }, 'Fat ', ...sides, el('b', {}, seen[0].found.unit));
  }

  // What the marks in the table mean, and how many there are.
  #uncertain(state) {
    const marked = state.findings.filter((finding) => finding.uncertain);
    if (!marked.length) return [];
    const open = marked.filter((finding) => !finding.confirmed_at).length;
    const others = Object.keys(DOUBTS).filter((key) => marked.some((finding) => finding[key]));
    const strange = others.map((key) => `, or ${DOUBTS[key]}`).join('');
    return [`? marks grades that the machine is uncertain of (below ${state.uncertain_below} %${strange}): ${marked.length}, ${open} to confirm.`];
  }

  #machine(finding) {
    if (finding.machine_grade === null) return '';
    const rule = finding.rule ? ` (${finding.rule})` : '';
    return `Machine: ${this.#grade(finding.machine_grade).toLowerCase()}${rule}.`;
  }

  #grade(value) {
    return this.words.grades.find((grade) => grade.value === value)?.label ?? value;
  }

  #site(value) {
    return this.words.sites.find((site) => site.value === value)?.label ?? value;
  }

  #mark() {
    for (const [level, row] of this.#rows) {
      row.body.classList.toggle('current', level === this.level);
      for (const [site, { cell }] of row.cells) {
        cell.classList.toggle('current', level === this.level && site === this.site);
      }
    }
    this.#sayInFull();
  }

  #sayInFull() {
    const { detail } = this.#rows.get(this.level);
    const { right } = detail.getBoundingClientRect();
    const cut = [...detail.querySelectorAll('.measure, .rule, .disc')].filter((part) => part.getBoundingClientRect().right > right);
    const rest = cut.map((part) => part.textContent).join('; ');
    // The chosen grade comes first: the place is small, and what does not fit is scrolled to.
    const said = [this.#currentRule(), rest && `${this.level}: ${rest}`].filter(Boolean);
    this.full.replaceChildren(...said.flatMap((text, k) => (k ? [el('br'), text] : [text])));
  }

  // What the current grade was made from, and what was measured there; the canal's rule stands in its row.
  #currentRule() {
    const finding = this.store.state.findings.find(({ level, site }) => level === this.level && site === this.site);
    if (!finding?.rule || finding.machine_grade === null || this.site === 'canal') return '';
    return `${this.level} ${this.#site(this.site).toLowerCase()}, machine: ${this.#grade(finding.machine_grade).toLowerCase()} – ${finding.rule}`;
  }

  #toggle(level) {
    const action = this.isConfirmed(level) ? 'reopen' : 'confirm';
    return this.#write(`findings/${level}/${action}/`, `${level} was not saved.`);
  }

  #change(level, site, grade) {
    const what = `${level} ${this.#site(site).toLowerCase()}: ${this.#grade(grade).toLowerCase()}`;
    return this.#write(`findings/${level}/${site}/`, `“${what}” was not saved.`, { grade });
  }

  async #write(path, otherwise, body) {
    try {
      await this.store.write(path, body);
      this.failed(null);
      return true;
    } catch (error) {
      this.#update(this.store.state);
      this.failed(error, otherwise);
      return false;
    }
  }
}

// A number with its unit; an arrow where it lies outside what people usually have, the rest in the title.
function measure(found, name, digits) {
  const least = found.lower_bound ? 'at least ' : '';
  const value = found.value === null ? 'not measured' : `${least}${found.value.toFixed(digits)} ${found.unit}`;
  return el('span', { class: 'measure', title: titleOf(found, digits) }, `${name} `, el('b', {}, value), arrowOf(found));
}

function titleOf(found, digits, inFull = '') {
  const spread = found.plus_minus === null ? '' : `± ${found.plus_minus.toFixed(digits)} ${found.unit}`;
  const range = found.usual ? `usual ${found.usual.map((end) => end.toFixed(digits)).join(' to ')} ${found.unit}` : '';
  return [inFull, found.note, spread, found.unusual, range].filter(Boolean).join('; ') || null;
}

function arrowOf(found) {
  const arrow = found.unusual?.startsWith('below') ? '↓' : '↑';
  return found.unusual ? el('span', { class: 'unusual', role: 'img', 'aria-label': found.unusual }, arrow) : null;
}

// Why a grade is uncertain, besides its probability.
const DOUBTS = {
  contradicted: 'network and measurements are two grades apart',
  unfamiliar: 'on images unlike those it learnt from',
};

// How likely an uncertain grade is, where it has a probability, and whether it is contradicted.
export function chanceOf(finding) {
  return [finding.chance, finding.contradicted && DOUBTS.contradicted].filter(Boolean).join(', ');
}

function doubtOf(finding) {
  return DOUBTS[Object.keys(DOUBTS).find((key) => finding[key])];
}

// Each note once, after the levels that it is of where it is not of all.
function notesOf(findings, levels) {
  const places = new Map();
  for (const { level, note } of findings) {
    if (note) places.set(note, new Set([...(places.get(note) ?? []), level]));
  }
  return [...places].map(([note, of]) => (of.size === levels.length ? note : `${[...of].join(', ')}: ${note}`));
}

// A grade where the machine gave none is the reader's, but no change of the machine's.
export function wasChanged(finding) {
  return finding.changed && finding.machine_grade !== null && finding.machine_grade !== 'not_assessed';
}
