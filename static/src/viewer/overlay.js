// Over the images: evidence, where the other image lies, and the machine's disc planes with their names.

import { svg } from './dom.js';
import { discLine, dot, referenceLine, sub } from './geometry.js';

export class Overlay {
  constructor(discs, evidence) {
    this.discs = discs;
    this.evidence = evidence;
    this.planes = true;
    this.lines = true;
    this.level = '';
  }

  draw(screen, others) {
    const shown = [];
    if (screen.plane) {
      shown.push(...this.evidence.draw(screen));
      if (this.lines) shown.push(...this.#reference(screen, others));
      if (this.planes) shown.push(...this.#discs(screen));
    }
    screen.overlay.replaceChildren(...shown);
  }

  #reference(screen, others) {
    return others.flatMap((other) => {
      // Two images without a common frame of reference have no place in each other.
      const related = other.plane && other.plane.frameOfReference === screen.plane.frameOfReference;
      const ends = related ? referenceLine(other.plane, screen.plane) : null;
      return ends ? [line(screen, ends, 'reference-line')] : [];
    });
  }

  #discs(screen) {
    return this.discs.flatMap((disc) => {
      const ends = discLine(disc, screen.plane);
      if (!ends) return [];
      const current = disc.level === this.level ? ' current' : '';
      const front = ends.toSorted((a, b) => dot(sub(b, a), disc.anterior))[0];
      const [x, y] = screen.viewport.worldToCanvas(front);
      const [farX] = screen.viewport.worldToCanvas(ends.find((end) => end !== front));
      const leftwards = x < farX;
      const name = svg(
        'text',
        { x: x + (leftwards ? -6 : 6), y: y + 4, 'text-anchor': leftwards ? 'end' : 'start', class: `disc-name${current}` },
        disc.level,
      );
      return [line(screen, ends, `disc-line${current}`), name];
    });
  }
}

function line(screen, ends, name) {
  const [[x1, y1], [x2, y2]] = ends.map((end) => screen.viewport.worldToCanvas(end));
  return svg('line', { x1, y1, x2, y2, class: name });
}
