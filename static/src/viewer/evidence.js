// Where the machine's networks looked: a map of the chosen finding over both images, and a ring at the place to look at.

import { button, byId, el, say, svg } from './dom.js';
import { add, cross, distanceToPlane, dot, length, nearest, sub, unit } from './geometry.js';

// What is weaker than this, of 100, is not drawn; the strongest lets this much of the image through.
const WEAKEST = 15;
const STRONGEST_ALPHA = 0.65;
const COLOUR = [255, 160, 40];
// A map's plane is shown on images that look its way: cosine of the angle between them.
const SAME_WAY = 0.9;
// The ring is drawn on images so near to the place, mm.
const RING_MM = 3;
// An image further than this from the place does not show it, mm: the screen stays where it is.
const REACH_MM = 4;
const RING_PIXELS = 16;
const LOADING = 'the maps are being loaded \u2026';
const FAILED = 'the maps cannot be loaded. Press E twice to try again.';

export class Evidence {
  #maps = null;
  #pictures = new Map();

  constructor(boot, screens, changed) {
    this.boot = boot;
    this.screens = screens;
    this.changed = changed;
    this.on = false;
    this.bar = byId('evidence');
    this.level = '';
    this.finding = '';
  }

  // On or off. The maps are fetched when they are first asked for.
  async toggle(level, finding) {
    this.on = !this.on;
    if (this.on) await this.choose(level, finding);
    else this.#tell();
    this.changed();
  }

  async choose(level, finding) {
    if (!this.on) return;
    [this.level, this.finding] = [level, finding];
    this.#maps ??= this.#load();
    this.#tell();
    await this.#maps;
    if (!this.on || this.level !== level || this.finding !== finding) return;
    this.#tell();
    await this.#look();
    this.changed();
  }

  // The level's next finding that has a map.
  async next() {
    if (!this.on) return;
    const choices = this.#choices();
    if (!choices.length) return;
    const at = choices.findIndex(({ finding }) => finding === this.finding);
    await this.choose(this.level, choices[(at + 1) % choices.length].finding);
  }

  // What belongs over the image that a screen shows.
  draw(screen) {
    const map = this.on && screen.plane ? this.#map() : null;
    if (!map) return [];
    const plane = this.#plane(map, screen);
    return [...(plane ? [this.#picture(screen, plane)] : []), ...ring(screen, map.peak_mm)];
  }

  async #load() {
    this.found = undefined;
    try {
      const answer = await fetch(`${this.boot.base}evidence.json`);
      if (!answer.ok) throw new Error(`${answer.status}`);
      this.found = (await answer.json()).maps;
    } catch {
      // Asked for again, it is fetched again.
      this.found = null;
      this.#maps = null;
    }
  }

  // A reading that was renumbered keeps its maps: they belong to discs, not to names.
  #choices() {
    const disc = this.boot.machine.discs.find((one) => one.level === this.level);
    if (!disc || !this.found) return [];
    const order = this.boot.words.evidence.map(({ value }) => value);
    return this.found
      .filter((map) => length(sub(map.disc_mm, disc.centre_mm)) < 0.01)
      .sort((one, other) => order.indexOf(one.finding) - order.indexOf(other.finding));
  }

  #map() {
    return this.#choices().find(({ finding }) => finding === this.finding) ?? null;
  }

  #label(finding) {
    return this.boot.words.evidence.find(({ value }) => value === finding)?.label ?? finding;
  }

  #said(map) {
    const grade = this.boot.words.grades.find(({ value }) => value === map.answer);
    return grade ? grade.label.toLowerCase() : map.finding === 'pfirrmann' ? `grade ${map.answer}` : 'this finding';
  }

  #tell() {
    this.bar.hidden = !this.on;
    if (!this.on) return;
    const map = this.#map();
    const where = `${this.level} ${this.#label(this.finding).toLowerCase()}`;
    const canal = this.finding === 'canal' ? ' The draft grade of the canal is measured; this is the network\u2019s opinion.' : '';
    const none = this.found ? 'no map. No network gave an answer here.' : this.found === null ? FAILED : LOADING;
    const text = map
      ? `${where}: where the network saw what speaks for ${this.#said(map)}. No proof: judge the image.${canal}`
      : `${where}: ${none}`;
    const buttons = this.#choices().map(({ finding }) =>
      button(this.#label(finding), () => this.choose(this.level, finding), {
        class: 'small',
        'aria-pressed': String(finding === this.finding),
      }),
    );
    // A button that is pressed stays in focus.
    const focused = this.bar.contains(document.activeElement);
    const line = this.bar.querySelector('p') ?? el('p', { role: 'status' });
    say(line, text);
    this.bar.replaceChildren(line, el('div', { class: 'row', role: 'group', 'aria-label': `Evidence at ${this.level}` }, ...buttons));
    if (focused) this.bar.querySelector('[aria-pressed=true]')?.focus();
  }

  // Take both images to the place.
  async #look() {
    const map = this.#map();
    if (!map) return;
    await Promise.all(
      this.screens.map(async (screen) => {
        if (!screen.series) return;
        const near = nearest(screen.series.images, map.peak_mm);
        const index = this.#strongest(map, screen.series) ?? (near?.distance <= REACH_MM ? near.index : undefined);
        if (index === undefined) return;
        await screen.jump(index);
        screen.reveal(map.peak_mm);
      }),
    );
  }

  // Of the series' images that have a plane of their own in the map the one with its strongest cell.
  #strongest(map, series) {
    const of = map.planes.filter((plane) => plane.sop_instance_uid);
    const best = of.sort((one, other) => most(other) - most(one))[0];
    const index = best ? series.images.findIndex((image) => image.sop === best.sop_instance_uid) : -1;
    return index >= 0 ? index : undefined;
  }

  #plane(map, screen) {
    const own = map.planes.find((plane) => plane.sop_instance_uid && plane.sop_instance_uid === screen.image.sop);
    if (own) return own;
    const near = map.planes
      .filter((plane) => !plane.sop_instance_uid && Math.abs(dot(normal(plane), screen.plane.normal)) > SAME_WAY)
      .map((plane) => ({ plane, distance: Math.abs(distanceToPlane(screen.plane, middle(plane))) }))
      .filter(({ plane, distance }) => distance <= plane.reach_mm)
      .sort((one, other) => one.distance - other.distance);
    return near[0]?.plane ?? null;
  }

  // A cell is a pixel of a small picture, which the browser makes smooth and lays where it belongs.
  #picture(screen, plane) {
    if (!this.#pictures.has(plane)) this.#pictures.set(plane, paint(plane.values));
    const { href, rows, columns } = this.#pictures.get(plane);
    const at = (point) => screen.viewport.worldToCanvas(point);
    const origin = at(plane.origin_mm);
    const [right, down] = [plane.column_mm, plane.row_mm].map((step) => {
      const [x, y] = at(add(plane.origin_mm, step));
      return [x - origin[0], y - origin[1]];
    });
    // The picture has an empty cell all round, and a cell's middle lies half a cell in.
    const corner = [0, 1].map((axis) => origin[axis] - 1.5 * (right[axis] + down[axis]));
    const matrix = [...right, ...down, ...corner].join(' ');
    return svg('image', { href, width: columns, height: rows, preserveAspectRatio: 'none', transform: `matrix(${matrix})`, class: 'evidence' });
  }
}

function most(plane) {
  return Math.max(...plane.values.flat());
}

function normal(plane) {
  return unit(cross(plane.row_mm, plane.column_mm));
}

function middle(plane) {
  const [rows, columns] = [plane.values.length, plane.values[0].length];
  const half = (step, count) => step.map((value) => (value * (count - 1)) / 2);
  return add(plane.origin_mm, add(half(plane.row_mm, rows), half(plane.column_mm, columns)));
}

function paint(values) {
  const [rows, columns] = [values.length + 2, values[0].length + 2];
  const canvas = el('canvas', { width: columns, height: rows });
  const context = canvas.getContext('2d');
  const image = context.createImageData(columns, rows);
  for (let cell = 0; cell < rows * columns; cell += 1) {
    const value = values[Math.floor(cell / columns) - 1]?.[(cell % columns) - 1] ?? 0;
    // The root makes the weaker parts visible in the dark.
    const strength = Math.sqrt(Math.max(0, value - WEAKEST) / (100 - WEAKEST));
    image.data.set([...COLOUR, Math.round(255 * STRONGEST_ALPHA * strength)], 4 * cell);
  }
  context.putImageData(image, 0, 0);
  return { href: canvas.toDataURL(), rows, columns };
}

function ring(screen, point) {
  if (Math.abs(distanceToPlane(screen.plane, point)) > RING_MM) return [];
  const [cx, cy] = screen.viewport.worldToCanvas(point);
  return ['ring-edge', 'ring'].map((name) => svg('circle', { cx, cy, r: RING_PIXELS, class: name }));
}
