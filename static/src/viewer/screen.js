// One viewport: shows a series, scrolls, windows, and tells when what it shows has changed.

import { Enums, cache } from '@cornerstonejs/core';
import { byId, say } from './dom.js';
import { letters, location, sub } from './geometry.js';
import { prefetch } from './images.js';

const NO_GEOMETRY = 'No geometry: reference lines are off';

export class Screen {
  constructor(engine, id) {
    this.id = id;
    this.frame = byId(id);
    this.element = byId(`${id}-screen`);
    this.surface = byId(`${id}-surface`);
    this.overlay = byId(`${id}-overlay`);
    this.chooser = byId(`${id}-series`);
    this.series = null;
    this.index = 0;
    this.onchange = () => {};
    engine.enableElement({ viewportId: id, type: Enums.ViewportType.STACK, element: this.surface });
    this.viewport = engine.getViewport(id);
    // Cornerstone swallows every key on its own element, Tab and F5 too: the focus stays on the one around it.
    this.surface.removeAttribute('tabindex');
    this.element.addEventListener('pointerdown', () => this.element.focus({ preventScroll: true }));
    this.element.addEventListener('contextmenu', (event) => event.preventDefault());
    this.surface.addEventListener(Enums.Events.STACK_NEW_IMAGE, () => {
      this.index = this.viewport.getCurrentImageIdIndex();
      this.note('');
    });
    for (const event of [Enums.Events.IMAGE_RENDERED, Enums.Events.CAMERA_MODIFIED]) {
      this.surface.addEventListener(event, () => this.#draw());
    }
  }

  get image() {
    return this.series?.images[this.index] ?? null;
  }

  get plane() {
    return this.image?.plane ?? null;
  }

  async show(series, index) {
    this.series = series;
    this.chooser.value = series.uid;
    this.index = Math.min(Math.max(index, 0), series.images.length - 1);
    await this.viewport.setStack(
      series.images.map((image) => image.id),
      this.index,
    );
    this.note('');
    this.window();
    this.viewport.render();
    prefetch(series.images, this.index, () => this.series === series);
  }

  // One window for the whole series: slices must not flicker as one scrolls through them.
  window() {
    const voiRange = startingWindow(this.image?.id);
    if (voiRange) this.viewport.setProperties({ voiRange });
  }

  async jump(index) {
    if (!this.series) return;
    this.note('');
    const last = this.series.images.length - 1;
    await this.viewport.setImageIdIndex(Math.min(Math.max(index, 0), last));
    this.viewport.render();
  }

  scroll(step) {
    return this.jump(this.viewport.getCurrentImageIdIndex() + step);
  }

  reset() {
    if (!this.series) return;
    this.viewport.resetCamera();
    this.window();
    this.viewport.render();
  }

  // Bring a point into the picture when zoom or pan has put it outside.
  reveal(point) {
    const [x, y] = this.viewport.worldToCanvas(point);
    const { clientWidth: width, clientHeight: height } = this.element;
    const margin = 0.1;
    if (x > width * margin && x < width * (1 - margin) && y > height * margin && y < height * (1 - margin)) return;
    const [panX, panY] = this.viewport.getPan();
    this.viewport.setPan([panX + width / 2 - x, panY + height / 2 - y]);
    this.viewport.render();
  }

  // What there is to say about the image; with nothing else to say, that its place in the patient is not known.
  note(text) {
    const node = byId(`${this.id}-note`);
    const shown = text || (this.image && !this.plane ? NO_GEOMETRY : '');
    node.hidden = !shown;
    say(node, shown);
  }

  #draw() {
    if (!this.series) return;
    const { images } = this.series;
    const where = this.plane ? ` · ${location(this.plane)}` : '';
    say(byId(`${this.id}-slice`), `${this.index + 1} / ${images.length}${where}`);
    const range = this.viewport.getProperties().voiRange;
    if (range) {
      const [width, level] = [range.upper - range.lower, (range.upper + range.lower) / 2];
      const thickness = this.plane?.thickness ? ` · ${this.plane.thickness.toFixed(1)} mm thick` : '';
      say(byId(`${this.id}-window`), `W ${Math.round(width)} L ${Math.round(level)}${thickness}`);
    }
    this.#marks();
    this.onchange(this);
  }

  // Letters of the patient's directions at the four edges, from the picture as it is turned now.
  #marks() {
    const centre = this.viewport.canvasToWorld([100, 100]);
    const right = sub(this.viewport.canvasToWorld([200, 100]), centre);
    const down = sub(this.viewport.canvasToWorld([100, 200]), centre);
    const back = (v) => v.map((value) => -value);
    const marks = { right, left: back(right), bottom: down, top: back(down) };
    for (const [side, direction] of Object.entries(marks)) {
      say(this.frame.querySelector(`.mark.${side}`), this.image?.normal ? letters(direction) : '');
    }
  }
}

// The window that the scanner wrote, else the range between the 1st and the 99.5th percentile.
function startingWindow(id) {
  const image = id && cache.getImage(id);
  if (!image) return null;
  const [centre, width] = [first(image.windowCenter), first(image.windowWidth)];
  if (Number.isFinite(centre) && Number.isFinite(width) && width > 1) {
    return { lower: centre - width / 2, upper: centre + width / 2 };
  }
  const values = Float32Array.from(image.voxelManager.getScalarData()).sort();
  const [low, high] = [values[Math.floor(values.length * 0.01)], values[Math.floor(values.length * 0.995)]];
  const [slope, intercept] = [image.slope ?? 1, image.intercept ?? 0];
  return { lower: low * slope + intercept, upper: Math.max(high, low + 1) * slope + intercept };
}

function first(value) {
  return Number(Array.isArray(value) ? value[0] : value);
}
