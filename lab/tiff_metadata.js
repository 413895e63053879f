/**
 * What TIFFs say of themselves in text: the order of their pages, names of channels, pixel size.
 * ImageJ, OME and tifffile each have a language of their own. No DOM.
 *
 * Each reader returns null where the text is none of its own, else
 *   pages(count)  [{ t, z, c }] for each page, or null where the text does not fit the pages
 *   pixelSize     { y, x } in µm, or null
 *   channels      names of the channels, or []
 *   count         how many planes there should be, or null
 */

const MICROMETRES = {
  nm: 1e-3, "µm": 1, "μm": 1, um: 1, micron: 1, microns: 1, mm: 1e3, cm: 1e4, m: 1e6, "å": 1e-4,
};

/** The size in µm of a number with a unit; null if it is no length. */
export function inMicrometres(y, x, unitY = "µm", unitX = unitY) {
  const size = { y: y * (MICROMETRES[unitY.toLowerCase()] ?? 0), x: x * (MICROMETRES[unitX.toLowerCase()] ?? 0) };
  return [size.y, size.x].every((length) => Number.isFinite(length) && length > 0) ? size : null;
}

/** All places of a stack, the first axis fastest: order "CZT" with sizes { T, Z, C }. */
function inOrder(order, sizes) {
  const places = [];
  const [fast, middle, slow] = order;
  for (let i = 0; i < sizes[slow]; i++) {
    for (let j = 0; j < sizes[middle]; j++) {
      for (let k = 0; k < sizes[fast]; k++) {
        const place = { [slow]: i, [middle]: j, [fast]: k };
        places.push({ t: place.T, z: place.Z, c: place.C });
      }
    }
  }
  return places;
}

/** ImageJ: lines "slices=3"; the resolution tags hold pixels per unit. */
export function imagej(text, { xPerUnit, yPerUnit }) {
  if (!text?.startsWith("ImageJ=")) return null;
  const fields = Object.fromEntries(text.replaceAll("\0", "").split("\n").map((line) => line.split("=")));
  const sizes = { T: +(fields.frames ?? 1), Z: +(fields.slices ?? 1), C: +(fields.channels ?? 1) };
  const count = +(fields.images ?? 1);
  if (sizes.T * sizes.Z * sizes.C !== count) [sizes.T, sizes.Z, sizes.C] = [1, count, 1];
  const unit = (fields.unit ?? "").replace(/\\u00B5/i, "µ");
  return {
    count, channels: [],
    pages: () => inOrder("CZT", sizes),
    pixelSize: xPerUnit && yPerUnit ? inMicrometres(1 / yPerUnit, 1 / xPerUnit, unit) : null,
  };
}

/** OME: XML with the order of axes, or with the place of every page. */
export function ome(text) {
  const pixels = text?.match(/<(?:\w+:)?Pixels\b[^>]*>/)?.[0];
  if (!pixels || !/<(?:\w+:)?OME\b/.test(text)) return null;
  const { SizeT, SizeZ, SizeC, DimensionOrder = "XYCZT", ...more } = attributes(pixels);
  const named = [...text.matchAll(/<(?:\w+:)?Channel\b[^>]*>/g)].map(([tag]) => attributes(tag));
  const images = text.match(/<(?:\w+:)?Pixels\b/g).length;
  const samples = +(named[0]?.SamplesPerPixel ?? 1);
  const sizes = { T: +(SizeT ?? 1), Z: +(SizeZ ?? 1), C: Math.max(1, +(SizeC ?? 1) / samples) };
  const blocks = [...text.matchAll(/<(?:\w+:)?TiffData\b[^>]*?(?:\/>|>([\s\S]*?)<\/(?:\w+:)?TiffData>)/g)];
  const files = new Set(blocks.map(([, inside]) => inside?.match(/FileName="([^"]*)"/)?.[1]).filter(Boolean));
  return {
    images, files: [...files],
    count: images === 1 ? sizes.T * sizes.Z * sizes.C : null,
    channels: images === 1 ? named.map(({ Name }) => unescaped(Name ?? "")) : [],
    pages: (total) => placed(blocks, sizes, DimensionOrder.replace(/[XYS]/g, ""), total),
    pixelSize: more.PhysicalSizeX && more.PhysicalSizeY
      ? inMicrometres(+more.PhysicalSizeY, +more.PhysicalSizeX, more.PhysicalSizeYUnit, more.PhysicalSizeXUnit ?? "µm")
      : null,
  };
}

/** Which place of the stack each page holds. */
function placed(blocks, sizes, order, total) {
  const places = inOrder(order, sizes);
  const number = ({ t, z, c }) => places.findIndex((p) => p.t === t && p.z === z && p.c === c);
  const pages = new Array(total).fill(null);
  for (const [tag] of blocks) {
    const { IFD, PlaneCount, FirstT = 0, FirstZ = 0, FirstC = 0 } = attributes(tag.match(/<[^>]*>/)[0]);
    const start = number({ t: +FirstT, z: +FirstZ, c: +FirstC });
    const count = PlaneCount ? +PlaneCount : IFD === undefined ? total : 1;
    for (let i = 0; i < count; i++) {
      const page = +(IFD ?? 0) + i;
      if (page < total && places[start + i]) pages[page] = places[start + i];
    }
  }
  return pages.every(Boolean) ? pages : places.length === total ? places : null;
}

function attributes(tag) {
  return Object.fromEntries([...tag.matchAll(/([\w:]+)\s*=\s*"([^"]*)"/g)].map(([, name, value]) => (
    [name, value.replace(/&#181;|&#xB5;|&micro;/gi, "µ")]
  )));
}

function unescaped(text) {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&amp;/g, "&");
}

/** tifffile: JSON with the shape of the whole array, sometimes with the axes' names. */
export function tifffile(text) {
  if (!text?.startsWith("{")) return null;
  let shape, axes;
  try {
    ({ shape, axes } = JSON.parse(text.replaceAll("\0", "")));
  } catch {
    return null;
  }
  if (!Array.isArray(shape)) return null;
  const letters = axes?.length === shape.length ? axes : "";
  const size = (letter) => shape[letters.indexOf(letter)] ?? 1;
  const order = [...letters].filter((letter) => "TZC".includes(letter));
  const others = ["T", "Z", "C"].filter((letter) => !order.includes(letter));
  return {
    count: null, pixelSize: null, channels: [],
    pages: (total) => {
      if (!order.length) return null;
      const places = inOrder([...order.reverse(), ...others].join(""), { T: size("T"), Z: size("Z"), C: size("C") });
      return places.length === total ? places : null;
    },
  };
}
