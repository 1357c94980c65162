// Series from DICOMweb: metadata first, in anatomical order, then frames as they are needed.

import { imageLoader, metaData } from '@cornerstonejs/core';
import dicomImageLoader from '@cornerstonejs/dicom-image-loader';
import { dot, length, normalOf, orientationName, planeOf, sub } from './geometry.js';

export class Images {
  #loading = new Map();

  constructor(boot) {
    this.root = `${location.origin}${boot.dicomweb}/studies/${boot.study_uid}`;
    this.list = boot.series;
  }

  // The series with its images in order; asked for once, however many viewports want it.
  load(uid) {
    if (!this.#loading.has(uid)) this.#loading.set(uid, this.#fetch(uid));
    return this.#loading.get(uid);
  }

  async all() {
    const found = await Promise.allSettled(this.list.map((series) => this.load(series.uid)));
    return found.filter((one) => one.status === 'fulfilled').map((one) => one.value);
  }

  async #fetch(uid) {
    const answer = await fetch(`${this.root}/series/${uid}/metadata`, {
      headers: { Accept: 'application/dicom+json' },
    });
    if (!answer.ok) throw new Error('These images cannot be loaded. Choose another series, or reload the page.');
    const instances = await answer.json();
    const images = instances.flatMap((instance) => this.#register(uid, instance));
    const info = this.list.find((series) => series.uid === uid);
    const ordered = inOrder(images);
    const middle = ordered[Math.floor(ordered.length / 2)];
    return { ...info, images: ordered, orientation: orientationName(middle?.normal ?? null) };
  }

  #register(uid, instance) {
    const sop = instance['00080018'].Value[0];
    const frames = Number(instance['00280008']?.Value?.[0] ?? 1);
    const { metaDataManager } = dicomImageLoader.wadors;
    dropBadSpacing(instance);
    return Array.from({ length: frames }, (_, k) => {
      const id = `wadors:${this.root}/series/${uid}/instances/${sop}/frames/${k + 1}`;
      metaDataManager.add(id, instance);
      const plane = planeOf(metaData.get('imagePlaneModule', id));
      const normal = normalOf(metaDataManager.get(id)['00200037']?.Value);
      return { id, sop, frame: k + 1, number: Number(instance['00200013']?.Value?.[0] ?? 0), plane, normal };
    });
  }
}

const PIXEL_SPACING = '00280030';
const FUNCTIONAL_GROUPS = ['52009229', '52009230', '00289110'];

// A pixel spacing that is not two positive numbers is no pixel spacing: Cornerstone would call its lengths mm.
export function dropBadSpacing(dataset) {
  for (const [tag, element] of Object.entries(dataset)) {
    const values = element.Value ?? [];
    if (FUNCTIONAL_GROUPS.includes(tag)) values.forEach((item) => dropBadSpacing(item ?? {}));
    if (tag === PIXEL_SPACING && !(values.length === 2 && values.every((value) => Number(value) > 0))) delete dataset[tag];
  }
}

// Stacks of one orientation from head to feet (or right to left); images without geometry by their number.
export function inOrder(images) {
  if (images.some((image) => !image.plane)) {
    return [...images].sort((one, other) => one.number - other.number || one.frame - other.frame);
  }
  const stacks = [];
  for (const image of images) {
    const stack = stacks.find(([first]) => length(sub(first.plane.normal, image.plane.normal)) < 0.02);
    if (stack) stack.push(image);
    else stacks.push([image]);
  }
  const mean = (stack) => stack.reduce((sum, image) => sum + image.plane.centre[2], 0) / stack.length;
  stacks.sort((one, other) => mean(other) - mean(one));
  return stacks.flatMap((stack) => {
    const { normal } = stack[0].plane;
    const axis = normal.map(Math.abs).indexOf(Math.max(...normal.map(Math.abs)));
    // Head to feet, right to left, front to back: the order in which they are read aloud.
    const sign = Math.sign(normal[axis]) * (axis === 2 ? -1 : 1);
    return stack.sort((a, b) => sign * (dot(a.plane.centre, normal) - dot(b.plane.centre, normal)));
  });
}

// Fetch the rest of a series, the neighbours of the shown image first, two at a time.
export async function prefetch(images, around, stillWanted) {
  const waiting = images
    .map((image, index) => ({ id: image.id, distance: Math.abs(index - around) }))
    .sort((one, other) => one.distance - other.distance)
    .map(({ id }) => id);
  const work = async () => {
    for (let id = waiting.shift(); id && stillWanted(); id = waiting.shift()) {
      await imageLoader.loadAndCacheImage(id).catch(() => {});
    }
  };
  await Promise.all([work(), work()]);
}
