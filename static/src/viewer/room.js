// The reading room: ties images, overlays, table, report and keys together.

import { RenderingEngine } from '@cornerstonejs/core';
import { Actions } from './actions.js';
import { Refused, Store } from './api.js';
import { Contradictions } from './contradictions.js';
import { byId, el } from './dom.js';
import { Evidence } from './evidence.js';
import { Images } from './images.js';
import { listen } from './keys.js';
import { Levels } from './levels.js';
import { Masks } from './masks.js';
import { Overlay } from './overlay.js';
import { Report } from './report.js';
import { Screen } from './screen.js';
import { Table } from './table.js';
import { Tools } from './tools.js';

const LOOK_MS = 10_000;

export class Room {
  constructor(boot) {
    this.boot = boot;
    this.words = boot.words;
    this.store = new Store(boot.base, boot.review);
    const failed = (error, otherwise) => this.failed(error, otherwise);
    const choose = (level) => this.goTo(level);
    const looked = (at, site) => this.evidence?.choose(at, site);
    this.table = new Table(boot, this.store, { choose, failed, looked });
    this.report = new Report(this.store, { failed });
    this.contradictions = new Contradictions(this.store);
    this.actions = new Actions(boot, this.store, this.report, { failed });
    setInterval(() => this.#look(), LOOK_MS);
  }

  openImages() {
    const { boot } = this;
    this.engine = new RenderingEngine('reading-room');
    this.images = new Images(boot);
    this.screens = ['left', 'right'].map((id) => new Screen(this.engine, id));
    [this.active] = this.screens;
    this.evidence = new Evidence(boot, this.screens, () => this.#drawOverlays());
    this.overlay = new Overlay(boot.machine.discs, this.evidence);
    this.masks = new Masks(boot);
    this.levels = new Levels(boot, this.screens, this.overlay);
    this.tools = new Tools(this.engine, this.screens);
    this.store.subscribe((state) => this.levels.mark(state));
    this.#wire();
    listen(this);
    return this.#firstImages();
  }

  async goTo(level) {
    this.table.setLevel(level);
    await this.levels.go(level);
    await this.evidence.choose(level, this.table.site);
    this.#drawOverlays();
  }

  async confirmAndGoOn() {
    const next = await this.table.confirmCurrent();
    if (next) await this.goTo(next);
  }

  chooseTool(name) {
    this.tools.choose(name);
    for (const one of document.querySelectorAll('[data-tool]')) {
      one.setAttribute('aria-pressed', one.dataset.tool === name);
    }
  }

  toggle(what) {
    if (what === 'masks') this.masks.toggle(this.screens);
    else this.overlay[what] = !this.overlay[what];
    const on = what === 'masks' ? this.masks.visible : this.overlay[what];
    document.querySelector(`[data-toggle=${what}]`).setAttribute('aria-pressed', on);
    this.#drawOverlays();
  }

  async toggleEvidence() {
    const shown = this.evidence.toggle(this.table.level, this.table.site);
    byId('evidence-toggle').setAttribute('aria-pressed', this.evidence.on);
    await shown;
  }

  reset() {
    for (const screen of this.screens) screen.reset();
  }

  focusImages() {
    this.active.element.focus();
  }

  // Show what went wrong and what to do; null takes the last message away.
  failed(error, otherwise = '') {
    const node = byId('problem');
    node.hidden = !error;
    node.textContent = error ? [otherwise, error.message].filter(Boolean).join(' ') : '';
    if (error && !(error instanceof Refused)) console.info(error.message);
  }

  async #firstImages() {
    // The two series that the machine named are enough for a first look; the rest comes after it.
    const named = await this.#named();
    const all = named ?? (await this.images.all());
    if (!all.length) {
      this.screens.forEach((screen) => screen.note('There are no images that can be shown.'));
      return;
    }
    if (all.length === 1) this.#single();
    this.#offer(all);
    const [left, right] = this.#hang(all);
    const level = this.table.firstOpen();
    await Promise.all(
      this.screens.map((screen, k) => {
        const series = [left, right][k];
        return series ? this.#show(screen, series, this.#start(series, level)) : null;
      }),
    );
    await this.goTo(level);
    document.body.dataset.images = 'shown';
    if (named) this.#offer(await this.images.all());
    // Outlines come after the images: the first look must not wait for them.
    await Promise.all(this.screens.map((screen) => this.#outline(screen)));
    document.body.dataset.masks = 'shown';
  }

  async #named() {
    const { roles } = this.boot.machine;
    const uids = ['sagittal_t2', 'axial_t2'].map((role) => Object.keys(roles).find((uid) => roles[uid] === role));
    if (!uids.every((uid) => this.images.list.some((series) => series.uid === uid))) return null;
    return Promise.all(uids.map((uid) => this.images.load(uid))).catch(() => null);
  }

  // Fill the choosers; what is chosen stays chosen.
  #offer(all) {
    for (const { chooser } of this.screens) {
      const { value } = chooser;
      chooser.replaceChildren(...all.map((series) => el('option', { value: series.uid }, this.#label(series))));
      if (value) chooser.value = value;
    }
  }

  async #show(screen, series, index) {
    try {
      await screen.show(series, index);
    } catch {
      screen.note('This series cannot be shown. Choose another one, or reload the page.');
    }
  }

  #outline(screen) {
    return screen.series && this.masks.show(screen).catch(() => screen.note('The outlines cannot be loaded. Reload the page to try again.'));
  }

  // One series needs one image, as large as there is room.
  #single() {
    const [, right] = this.screens;
    right.frame.hidden = true;
    right.frame.parentElement.classList.add('single');
    this.engine.disableElement(right.id);
    this.screens = this.screens.slice(0, 1);
    this.levels.screens = this.screens;
    this.evidence.screens = this.screens;
    this.engine.resize(true, false);
  }

  // Sagittal T2 on the left, axial T2 on the right; else what comes nearest to it.
  #hang(all) {
    const roles = this.boot.machine.roles;
    const isT2 = (series) => /t2/i.test(series.description);
    const rank = (role, orientation) => (series) =>
      (roles[series.uid] === role ? 4 : 0) + (series.orientation === orientation ? 2 : 0) + (isT2(series) ? 1 : 0);
    const best = (score, from) => [...from].sort((a, b) => score(b) - score(a))[0] ?? null;
    const left = best(rank('sagittal_t2', 'sagittal'), all);
    const others = all.filter((series) => series !== left);
    const right = best(rank('axial_t2', 'axial'), others.length ? others : all);
    return [left, right];
  }

  #start(series, level) {
    return this.levels.find(series, level) ?? Math.floor(series.images.length / 2);
  }

  #label(series) {
    const role = this.words.roles[this.boot.machine.roles[series.uid]];
    const orientation = series.orientation === 'unknown' ? '' : ` · ${series.orientation}`;
    const number = series.number === null ? '' : `${series.number}: `;
    return `${number}${series.description}${role ? ` · ${role}` : orientation} · ${series.images.length} images`;
  }

  #wire() {
    for (const screen of this.screens) {
      screen.onchange = () => this.#drawOverlays();
      const activate = () => {
        this.active = screen;
        this.screens.forEach((one) => one.frame.classList.toggle('active', one === screen));
      };
      screen.frame.addEventListener('pointerenter', activate);
      screen.frame.addEventListener('focusin', activate);
      screen.chooser.addEventListener('change', () => this.#change(screen));
    }
    byId('levels').addEventListener('click', (event) => {
      const { level } = event.target.dataset;
      if (level) this.goTo(level);
    });
    for (const one of document.querySelectorAll('[data-tool]')) {
      one.addEventListener('click', () => this.chooseTool(one.dataset.tool));
    }
    for (const one of document.querySelectorAll('[data-toggle]')) {
      one.addEventListener('click', () => this.toggle(one.dataset.toggle));
    }
    byId('evidence-toggle').addEventListener('click', () => this.toggleEvidence());
    byId('reset').addEventListener('click', () => this.reset());
    byId('help-open').addEventListener('click', () => byId('help').showModal());
    let waiting = 0;
    new ResizeObserver(() => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.engine.resize(true, false), 100);
    }).observe(byId('left'));
  }

  async #change(screen) {
    const series = await this.images.load(screen.chooser.value);
    await this.#show(screen, series, this.#start(series, this.overlay.level));
    screen.chooser.blur();
    await this.#outline(screen);
  }

  #drawOverlays() {
    for (const screen of this.screens) {
      if (screen.series) this.overlay.draw(screen, this.screens.filter((one) => one !== screen && one.series));
    }
  }

  async #look() {
    const { study_state: before, machine_reading: reading } = this.store.state;
    await this.store.look();
    // Another tab took a newer reading, or another review is shown now: overlays and measurements are its.
    if (reading && reading !== this.store.state.machine_reading && !this.report.dirty) location.reload();
    const after = this.store.state.study_state;
    // A reading that has just been finished brings overlays and a table with it.
    if (before !== after && (after === 'drafted' || after === 'failed') && !this.store.state.mine && this.store.state.findings.length && this.boot.machine.discs.length === 0) {
      location.reload();
    }
  }
}
