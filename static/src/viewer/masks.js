// The machine's outlines as Cornerstone labelmaps, one per series, on the images' own grid.

import { imageLoader } from '@cornerstonejs/core';
import { Enums, segmentation } from '@cornerstonejs/tools';

const LABELMAP = Enums.SegmentationRepresentations.Labelmap;
// What the labels mean. Cornerstone hides and shows only the segments that it was told of.
const SEGMENTS = Object.fromEntries(
  ['Vertebra', 'Disc', 'Canal', 'Sacrum'].map((label, k) => [k + 1, { segmentIndex: k + 1, label, locked: true }]),
);
// Background, vertebra, disc, canal, sacrum: apart in lightness as well as in hue.
const COLOURS = [
  [0, 0, 0, 0],
  [120, 170, 230, 255],
  [240, 200, 90, 255],
  [90, 220, 190, 255],
  [200, 150, 230, 255],
];

export class Masks {
  #index = null;
  #made = new Map();

  constructor(boot) {
    this.base = `${boot.base}masks/`;
    this.wanted = boot.machine.has_masks;
    this.visible = true;
    segmentation.config.style.setStyle(
      { type: LABELMAP },
      { renderFill: true, fillAlpha: 0.12, renderOutline: true, outlineWidth: 1.5, outlineOpacity: 0.9 },
    );
  }

  // Lay the outlines of the screen's series over it; resolves to false when there are none.
  async show(screen) {
    const { series, id } = screen;
    segmentation.removeSegmentationRepresentations(id, {});
    const name = this.wanted && (await this.#segmentation(series));
    if (!name || screen.series !== series) return false;
    segmentation.addLabelmapRepresentationToViewport(id, [
      { segmentationId: name, config: { colorLUTOrIndex: COLOURS } },
    ]);
    this.#apply(id, name);
    screen.viewport.render();
    return true;
  }

  toggle(screens) {
    this.visible = !this.visible;
    for (const screen of screens) {
      const name = screen.series && this.#name(screen.series);
      if (name && segmentation.state.getSegmentation(name)) this.#apply(screen.id, name);
      screen.viewport.render();
    }
  }

  #name(series) {
    return `mask-${series.uid}`;
  }

  #apply(viewportId, segmentationId) {
    segmentation.config.visibility.setSegmentationRepresentationVisibility(
      viewportId,
      { segmentationId, type: LABELMAP },
      this.visible,
    );
  }

  #segmentation(series) {
    if (!this.#made.has(series.uid)) this.#made.set(series.uid, this.#make(series));
    return this.#made.get(series.uid);
  }

  async #make(series) {
    this.#index ??= fetch(`${this.base}index.json`).then((answer) => (answer.ok ? answer.json() : { series: {} }));
    const entries = (await this.#index).series[series.uid];
    if (!entries) return null;
    const answer = await fetch(`${this.base}${series.uid}.bin`);
    if (!answer.ok) return null;
    const labels = new Uint8Array(await answer.arrayBuffer());
    const place = new Map(entries.map((entry) => [`${entry.sop}/${entry.frame}`, entry]));
    const covered = series.images.filter((image) => place.has(`${image.sop}/${image.frame}`));
    const derived = imageLoader.createAndCacheDerivedLabelmapImages(covered.map((image) => image.id));
    derived.forEach((image, k) => {
      const entry = place.get(`${covered[k].sop}/${covered[k].frame}`);
      const size = entry.rows * entry.columns;
      if (image.rows !== entry.rows || image.columns !== entry.columns) return;
      image.voxelManager.getScalarData().set(labels.subarray(entry.offset, entry.offset + size));
    });
    segmentation.addSegmentations([
      {
        segmentationId: this.#name(series),
        representation: { type: LABELMAP, data: { imageIds: derived.map((image) => image.imageId) } },
        config: { segments: SEGMENTS },
      },
    ]);
    return this.#name(series);
  }
}
