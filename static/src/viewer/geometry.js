// Vectors and planes in patient coordinates: DICOM LPS, millimetres.

export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const sub = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scale = (a, k) => [a[0] * k, a[1] * k, a[2] * k];
export const length = (a) => Math.hypot(a[0], a[1], a[2]);
export const unit = (a) => scale(a, 1 / (length(a) || 1));
export const distanceToPlane = (plane, point) => dot(sub(point, plane.origin), plane.normal);

// Which way an image looks: the normal of its rows and columns, or null when the file does not say.
export function normalOf(orientation) {
  const cosines = (orientation ?? []).map(Number);
  if (cosines.length !== 6 || !cosines.every(Number.isFinite)) return null;
  return unit(cross(cosines.slice(0, 3), cosines.slice(3)));
}

// The plane of an image from Cornerstone's imagePlaneModule, or null when the file does not state all of it:
// Cornerstone makes up what is missing, and a made-up plane would put lines and positions in wrong places.
export function planeOf(module) {
  if (!module || module.usingDefaultValues) return null;
  const alongRow = Array.from(module.rowCosines, Number);
  const alongColumn = Array.from(module.columnCosines, Number);
  const origin = Array.from(module.imagePositionPatient, Number);
  if ([...alongRow, ...alongColumn, ...origin].some((value) => !Number.isFinite(value))) return null;
  const [rows, columns] = [module.rows, module.columns];
  const [rowSpacing, columnSpacing] = [Number(module.rowPixelSpacing), Number(module.columnPixelSpacing)];
  if (!(rowSpacing > 0 && columnSpacing > 0)) return null;
  const at = (row, column) =>
    add(origin, add(scale(alongRow, column * columnSpacing), scale(alongColumn, row * rowSpacing)));
  return {
    origin,
    alongRow,
    alongColumn,
    normal: unit(cross(alongRow, alongColumn)),
    width: columns * columnSpacing,
    height: rows * rowSpacing,
    thickness: Number(module.sliceThickness) || 0,
    frameOfReference: module.frameOfReferenceUID ?? '',
    centre: at((rows - 1) / 2, (columns - 1) / 2),
    // Corners of the outermost pixels' outer edges, in order around the image.
    corners: [at(-0.5, -0.5), at(-0.5, columns - 0.5), at(rows - 0.5, columns - 0.5), at(rows - 0.5, -0.5)],
  };
}

export function orientationName(normal) {
  if (!normal) return 'unknown';
  const size = normal.map(Math.abs);
  return ['sagittal', 'coronal', 'axial'][size.indexOf(Math.max(...size))];
}

// Where one image lies in another's plane: the two ends of its line, or null when they do not cross.
export function referenceLine(source, target) {
  if (Math.abs(dot(source.normal, target.normal)) > 0.98) return null;
  const ends = [];
  for (let k = 0; k < 4; k += 1) {
    const [from, to] = [source.corners[k], source.corners[(k + 1) % 4]];
    const [a, b] = [distanceToPlane(target, from), distanceToPlane(target, to)];
    if (a === b || a * b > 0) continue;
    ends.push(add(from, scale(sub(to, from), a / (a - b))));
  }
  return ends.length >= 2 ? [ends[0], ends.find((end) => length(sub(end, ends[0])) > 1) ?? ends[1]] : null;
}

// A disc's half width from left to right: discs are wider than deep (about 1.4 to 1).
const WIDTH_TO_DEPTH = 1.4;
// Images tilted less than this against a disc show it as an area, not as a line.
const SMALLEST_TILT_SINE = Math.sin((25 * Math.PI) / 180);

// Where a disc's plane crosses an image, cut to the disc, or null where it does not.
export function discLine(disc, plane) {
  const direction = cross(plane.normal, disc.up);
  const sine = length(direction);
  if (sine < SMALLEST_TILT_SINE) return null;
  const along = scale(direction, 1 / sine);
  // The point of the line that is nearest to the disc's centre.
  const towards = cross(along, disc.up);
  const away = distanceToPlane(plane, disc.centre_mm);
  const onLine = add(disc.centre_mm, scale(towards, -away / dot(towards, plane.normal)));
  const offset = sub(onLine, disc.centre_mm);
  // The disc as an ellipse in its own plane.
  const [a, b] = [disc.depth_mm / 2, (disc.depth_mm * WIDTH_TO_DEPTH) / 2];
  const local = (v) => [dot(v, disc.anterior) / a, dot(v, disc.left) / b];
  const [p, d] = [local(offset), local(along)];
  const [qa, qb, qc] = [d[0] ** 2 + d[1] ** 2, p[0] * d[0] + p[1] * d[1], p[0] ** 2 + p[1] ** 2 - 1];
  const root = qb * qb - qa * qc;
  if (root <= 0) return null;
  const reach = [(-qb - Math.sqrt(root)) / qa, (-qb + Math.sqrt(root)) / qa];
  return reach.map((t) => add(onLine, scale(along, t)));
}

// Whether a point, dropped onto the image's plane, falls inside the image.
export function inside(plane, point) {
  const from = sub(point, plane.corners[0]);
  const [x, y] = [dot(from, plane.alongRow), dot(from, plane.alongColumn)];
  return x >= 0 && y >= 0 && x <= plane.width && y <= plane.height;
}

// Index of the image whose plane is nearest to a point, with that distance; null without geometry.
export function nearest(images, point) {
  let best = null;
  images.forEach((image, index) => {
    if (!image.plane || !inside(image.plane, point)) return;
    const distance = Math.abs(distanceToPlane(image.plane, point));
    if (!best || distance < best.distance) best = { index, distance };
  });
  return best;
}

// The letters of a direction, the strongest first: "A", or "AF" for an oblique one.
export function letters(direction) {
  const axes = [
    ['L', 'R'],
    ['P', 'A'],
    ['H', 'F'],
  ];
  return unit(direction)
    .map((value, axis) => ({ size: Math.abs(value), letter: axes[axis][value > 0 ? 0 : 1] }))
    .filter(({ size }) => size > 0.35)
    .sort((one, other) => other.size - one.size)
    .slice(0, 2)
    .map(({ letter }) => letter)
    .join('');
}

// Where a slice lies along its normal's main axis, as scanners write it: "L 4.2 mm".
export function location(plane) {
  const size = plane.normal.map(Math.abs);
  const axis = size.indexOf(Math.max(...size));
  const value = plane.centre[axis];
  const letter = [['L', 'R'], ['P', 'A'], ['H', 'F']][axis][value >= 0 ? 0 : 1];
  return `${letter} ${Math.abs(value).toFixed(1)} mm`;
}
