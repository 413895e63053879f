/**
 * One row an object: where it lies, how large, how bright. No DOM.
 *
 * Places are middles of pixels, counted from 0, as in scikit-image: the upper left pixel is at (0, 0).
 */

/**
 * labels : Int32Array(height*width); pixels : Float32Array, as recorded; pixelSize : { y, x } in µm
 * or null. Returns { columns, rows }, in order of the labels; in µm as well where the size is known.
 */
export function measure(labels, pixels, height, width, pixelSize) {
  const most = labels.reduce((a, b) => Math.max(a, b), 0);
  const sums = Array.from({ length: most + 1 }, () => null);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!labels[i]) continue;
      const of = (sums[labels[i]] ??= {
        area: 0, x: 0, y: 0, xx: 0, yy: 0, xy: 0, sum: 0, low: Infinity, high: -Infinity, cut: false,
      });
      of.area++;
      of.x += x;
      of.y += y;
      of.xx += x * x;
      of.yy += y * y;
      of.xy += x * y;
      of.sum += pixels[i];
      of.low = Math.min(of.low, pixels[i]);
      of.high = Math.max(of.high, pixels[i]);
      of.cut ||= x === 0 || y === 0 || x === width - 1 || y === height - 1;
    }
  }
  const columns = ["label", "area_px", "y_px", "x_px", "diameter_px", "eccentricity",
    "mean_intensity", "min_intensity", "max_intensity", "touches_border"];
  if (pixelSize) columns.splice(5, 0, "area_um2", "y_um", "x_um", "diameter_um");
  const rows = sums.map((of, label) => of && row(label, of, pixelSize)).filter(Boolean);
  return { columns, rows };
}

function row(label, of, pixelSize) {
  const [y, x] = [of.y / of.area, of.x / of.area];
  const diameter = (area) => Math.sqrt((4 * area) / Math.PI); // of a disc with this area
  const inPixels = [of.area, y, x, diameter(of.area)];
  const inMicrometres = [];
  if (pixelSize) {
    const area = of.area * pixelSize.y * pixelSize.x;
    inMicrometres.push(area, y * pixelSize.y, x * pixelSize.x, diameter(area));
  }
  return [label, ...inPixels, ...inMicrometres, eccentricity(of, y, x),
    of.sum / of.area, of.low, of.high, Number(of.cut)];
}

/** Of the ellipse with the same moments. */
function eccentricity(of, y, x) {
  const a = of.yy / of.area - y * y;
  const c = of.xx / of.area - x * x;
  const b = of.xy / of.area - x * y;
  const root = Math.sqrt(((a - c) / 2) ** 2 + b * b);
  const [long, short] = [(a + c) / 2 + root, (a + c) / 2 - root];
  return long > 0 ? Math.sqrt(Math.max(0, 1 - short / long)) : 0;
}

/** The median of the diameters in px; null of no objects. */
export function medianDiameter({ columns, rows }) {
  const column = columns.indexOf("diameter_px");
  const diameters = rows.map((row) => row[column]).sort((a, b) => a - b);
  const middle = diameters.length >> 1;
  if (!diameters.length) return null;
  return diameters.length % 2 ? diameters[middle] : (diameters[middle - 1] + diameters[middle]) / 2;
}
