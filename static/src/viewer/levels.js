// The level strip, and the jump that takes both images to a disc.

import { byId, say } from './dom.js';
import { nearest } from './geometry.js';

// An axial image further than this from a disc's centre, beyond half the disc's height, is of another level.
const REACH_MM = 4;

export class Levels {
  constructor(boot, screens, overlay) {
    this.machine = boot.machine;
    this.screens = screens;
    this.overlay = overlay;
    this.strip = byId('levels');
    this.buttons = [...this.strip.querySelectorAll('button')];
    // Without the machine nobody has named the levels: there is nowhere to jump to.
    this.strip.hidden = this.machine.discs.length === 0;
  }

  disc(level) {
    return this.machine.discs.find((disc) => disc.level === level);
  }

  // The index of the image in a series that shows a disc, or null when none does.
  find(series, level) {
    const disc = this.disc(level);
    if (!disc) return null;
    if (series.orientation === 'axial') {
      const listed = this.#listed(series, level);
      if (series.images[listed]?.plane) return listed;
    }
    const found = nearest(series.images, disc.centre_mm);
    const reach = disc.height_mm / 2 + REACH_MM;
    return found && found.distance <= reach ? found.index : null;
  }

  async go(level) {
    const disc = this.disc(level);
    this.overlay.level = level;
    this.buttons.forEach((one) => one.setAttribute('aria-current', one.dataset.level === level));
    if (!disc) {
      if (this.machine.discs.length) this.#announce(`${level} was not found in the images.`);
      return;
    }
    const missing = [];
    await Promise.all(
      this.screens.map(async (screen) => {
        if (!screen.series) return;
        const index = this.find(screen.series, level);
        if (index === null) {
          missing.push(screen);
          return;
        }
        await screen.jump(index);
        if (screen.series.orientation !== 'axial') screen.reveal(disc.centre_mm);
      }),
    );
    // Without geometry there is no telling what the image shows: its own note says so.
    for (const screen of missing) screen.note(screen.plane ? `No ${screen.series.orientation} slice at ${level}` : '');
    this.#announce(missing.length ? `${level}: no ${missing[0].series.orientation} slice at this level` : level);
  }

  mark(state) {
    for (const one of this.buttons) {
      const rows = state.findings.filter((row) => row.level === one.dataset.level);
      const confirmed = rows.length > 0 && rows.every((row) => row.confirmed_at);
      const uncertain = !confirmed && rows.some((row) => row.uncertain && !row.confirmed_at);
      one.dataset.confirmed = confirmed;
      one.dataset.uncertain = uncertain;
      one.setAttribute('aria-label', `${one.dataset.level}${confirmed ? ', confirmed' : ''}${uncertain ? ', uncertain' : ''}`);
    }
  }

  #listed(series, level) {
    const listed = this.machine.axial.find(
      (one) => one.level === level && one.series_instance_uid === series.uid,
    );
    const first = listed?.sop_instance_uids[0];
    return first ? series.images.findIndex((image) => image.sop === first) : -1;
  }

  #announce(text) {
    say(byId('announce'), text);
  }
}
