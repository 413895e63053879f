/**
 * The borders of objects in a label image, along the edges of their pixels. No DOM.
 *
 * A point [x, y] is a corner of pixels: the pixel in the upper left covers 0 to 1, as in ImageJ and
 * QuPath. A polygon covers exactly the pixels of its object. Pixels that touch at a corner only are
 * two parts of one object.
 */

const STEPS = [[1, 0], [0, 1], [-1, 0], [0, -1]]; // right, down, left, up

/**
 * The parts of every object, in order of label numbers.
 *
 * labels : Int32Array(height*width), 0 is background
 * Returns [{ label, parts: [{ outer: ring, holes: [ring, …] }, …] }, …]. A ring is [[x, y], …] without
 * its first point again at the end: clockwise on screen around a part, the other way round a hole.
 */
export function objects(labels, height, width) {
  const rings = new Map();
  const seen = new Uint8Array(labels.length); // the upper edges that a ring has passed
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const label = labels[i];
      if (!label || seen[i] || (y > 0 && labels[i - width] === label)) continue;
      if (!rings.has(label)) rings.set(label, []);
      rings.get(label).push(...simple(trace(labels, height, width, x, y, seen)));
    }
  }
  return [...rings.keys()].sort((a, b) => a - b)
    .map((label) => ({ label, parts: sorted(rings.get(label)) }));
}

/** One ring, from the upper edge of a pixel on, with the object to the right of the way. */
function trace(labels, height, width, startX, startY, seen) {
  const label = labels[startY * width + startX];
  const is = (x, y) => x >= 0 && y >= 0 && x < width && y < height && labels[y * width + x] === label;
  const ring = [];
  let [x, y, direction] = [startX, startY, 0];
  do {
    const [stepX, stepY] = STEPS[direction];
    if (direction === 0) seen[y * width + x] = 1;
    x += stepX;
    y += stepY;
    // The two pixels ahead of this corner: to the left and to the right of the way.
    const [left, right] = AHEAD[direction].map(([dx, dy]) => is(x + dx, y + dy));
    const turn = !right ? 1 : left ? 3 : 0;
    if (turn) ring.push([x, y]);
    direction = (direction + turn) % 4;
  } while (x !== startX || y !== startY || direction !== 0);
  return ring;
}

/** For each direction, the pixels ahead of a corner, left and right of the way. */
const AHEAD = [
  [[0, -1], [0, 0]],
  [[0, 0], [-1, 0]],
  [[-1, 0], [-1, -1]],
  [[-1, -1], [0, -1]],
];

/** A ring that passes a corner twice, cut into rings that do not. */
function simple(ring) {
  const [done, path, at] = [[], [], new Map()];
  for (const point of ring) {
    const key = point[1] * 65536 + point[0];
    if (at.has(key)) {
      const loop = path.splice(at.get(key));
      for (const [x, y] of loop) at.delete(y * 65536 + x);
      done.push(loop);
    }
    at.set(key, path.length);
    path.push(point);
  }
  done.push(path);
  return done.filter((loop) => loop.length > 2);
}

/** Rings around parts, each with its holes. */
function sorted(rings) {
  const parts = rings.filter((ring) => area(ring) > 0).map((outer) => ({ outer, holes: [] }));
  for (const hole of rings.filter((ring) => area(ring) < 0)) {
    const inside = beside(hole);
    (parts.find(({ outer }) => contains(outer, inside)) ?? parts[0]).holes.push(hole);
  }
  return parts;
}

/** The area inside a ring in px; negative if it runs the other way. */
export function area(ring) {
  let twice = 0;
  ring.forEach(([x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length];
    twice += x * nextY - nextX * y;
  });
  return twice / 2;
}

/** The middle of a pixel of the object beside a ring's first edge. */
function beside([[x, y], [nextX, nextY]]) {
  const [dx, dy] = [Math.sign(nextX - x), Math.sign(nextY - y)];
  return [x + dx / 2 - dy / 2, y + dy / 2 + dx / 2];
}

/** Whether a point lies inside a ring. */
export function contains(ring, [x, y]) {
  let inside = false;
  ring.forEach(([x1, y1], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length];
    if ((y1 > y) !== (y2 > y) && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
  });
  return inside;
}
