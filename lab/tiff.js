/**
 * Read TIFF: 1 to 32 bits, floats, colours, palettes, white-is-zero, strips and tiles, compressed
 * or not, BigTIFF, stacks of ImageJ, OME and tifffile. Every page can be chosen. No DOM.
 */

import { fromArrayBuffer } from "geotiff";
import { CHOICES, NUMBERS_LINES, bestColour, colourLine, colourPlane, isGrey, replaceNotNumbers } from "./planes.js";
import { imagej, inMicrometres, ome, tifffile } from "./tiff_metadata.js";
import { Unreadable } from "./unreadable.js";

const [WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, YCBCR] = [0, 1, 2, 3, 6];
const COMPRESSIONS = new Set([1, 5, 7, 8, 32773, 32946, 50000]);
const METAMORPH = 33629; // tag of a stack whose pages have no directory of their own
const LSM = 34412;
const IN_FIJI = "Open it in Fiji and save it as TIFF";

export async function openTiff(bytes, { name, checkSize }) {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const tiff = await fromArrayBuffer(buffer);
  const count = await tiff.getImageCount();
  const notes = [];
  let pages = [];
  let first;
  for (let number = 0; number < count; number++) {
    const image = await tiff.getImage(number);
    const tags = image.fileDirectory;
    first ??= tags;
    const isSmaller = ((await tags.loadValue("NewSubfileType")) ?? 0) & 1;
    if (isSmaller && number > 0) continue;
    pages.push(await describe(image, number, bytes.length, name, checkSize));
  }
  if (pages.length < count) {
    const left = count - pages.length;
    notes.push(`${left} smaller ${left === 1 ? "copy" : "copies"} of the image in the file ${left === 1 ? "was" : "were"} left out.`);
  }
  const text = await textOf(first);
  const perUnit = await resolution(first);
  const said = imagej(text, perUnit) ?? ome(text) ?? tifffile(text);
  if (said?.files?.length > 1) {
    throw new Unreadable(
      `${name} is one of ${said.files.length} files that belong together`,
      "Open them in Fiji (Plugins › Bio-Formats) and save them as one TIFF",
    );
  }
  if (await first.loadValue(METAMORPH) && count === 1 && pages[0].length * 1.5 < bytes.length) {
    throw new Unreadable(`${name} is a stack of MetaMorph`, IN_FIJI);
  }
  if (said?.count > pages.length && pages.length === 1) {
    pages = contiguous(pages[0], said.count, bytes.length, name); // ImageJ: one directory for all
  }
  const places = said?.pages(pages.length) ?? null;
  const { planes, sources, best } = await offered(pages, places, said?.channels ?? [], notes);
  const axes = axesOf(planes);
  const pixelSize = said?.pixelSize ?? (await lsmSize(first)) ?? centimetres(perUnit);
  return {
    kind: "TIFF", type: pages[0].type, axes, planes, best: best || inTheMiddle(planes, axes), pixelSize, notes,
    read: async (number) => {
      const pixels = await sources[number]();
      const bad = replaceNotNumbers(pixels);
      if (bad && !planes[number].mended) {
        planes[number].mended = true;
        planes[number].python.lines.push(...NUMBERS_LINES);
        notes.push(`${bad.toLocaleString("en")} pixels hold no number (NaN or infinite). They were given the smallest value there is, infinite ones the largest.`);
      }
      return pixels;
    },
  };
}

/** Of a stack, the plane in the middle: the first often lies above all objects. Else the first. */
function inTheMiddle(planes, axes) {
  const depth = axes.find(({ name }) => name === "plane")?.size ?? 1;
  const { places } = planes[0];
  return Math.max(0, planes.findIndex((plane) => Object.entries(plane.places).every(([axis, place]) => (
    place === (axis === "plane" ? places[axis] + (depth >> 1) : places[axis])))));
}

/** What a page holds, checked before anything is unpacked. */
async function describe(image, number, fileSize, name, checkSize) {
  const tags = image.fileDirectory;
  const [height, width] = [image.getHeight(), image.getWidth()];
  checkSize(name, height, width);
  const bits = image.getBitsPerSample() || 1;
  const format = image.getSampleFormat();
  const compression = (await tags.loadValue("Compression")) ?? 1;
  const photometric = (await tags.loadValue("PhotometricInterpretation")) ?? BLACK_IS_ZERO;
  const extra = (await tags.loadValue("ExtraSamples")) ?? [];
  if (!COMPRESSIONS.has(compression)) {
    throw new Unreadable(`${name} is packed in a way that the page does not know (compression ${compression})`, IN_FIJI);
  }
  if (![WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, YCBCR].includes(photometric)) {
    throw new Unreadable(`${name} holds colours of a kind that is made for print or cameras (photometric ${photometric})`, IN_FIJI);
  }
  if (format > 3 || bits > 64 || (bits > 32 && format !== 3)) {
    throw new Unreadable(`${name} holds numbers of ${bits} bits${format > 3 ? ", complex ones" : ""}`,
      "Save it with 16 or 32 bits, in Fiji or Python");
  }
  const [offsets, sizes] = image.isTiled ? ["TileOffsets", "TileByteCounts"] : ["StripOffsets", "StripByteCounts"];
  const starts = [...(await tags.loadValue(offsets)) ?? []].map(Number);
  const lengths = [...(await tags.loadValue(sizes)) ?? []].map(Number);
  if (starts.length === 0 || starts.some((start, i) => start + (lengths[i] ?? 0) > fileSize)) {
    throw new Unreadable(
      `${name} is cut off: it ends before its pixels do`,
      "Copy it again from where it was recorded",
    );
  }
  const samples = image.getSamplesPerPixel();
  const colours = [RGB, YCBCR].includes(photometric) && samples >= 3;
  // Transparency is no channel. RGB with a fourth sample that says nothing of itself is one, too.
  const hasAlpha = [1, 2].includes(extra[extra.length - 1]) || (colours && samples === 4 && extra.length < 1);
  return {
    image, number, height, width, bits, format, compression, photometric, samples, colours, hasAlpha,
    start: starts[0], length: lengths.reduce((sum, length) => sum + length, 0),
    type: format === 3 ? `${bits}-bit float` : format === 2 ? `${bits}-bit signed` : `${bits}-bit`,
    planar: image.planarConfiguration === 2,
  };
}

/** Pages of one size that follow each other in the file, where only the first has a directory. */
function contiguous(page, count, fileSize, name) {
  const size = page.height * page.width * page.samples * Math.ceil(page.bits / 8);
  if (page.compression !== 1 || page.start + count * size > fileSize) {
    throw new Unreadable(`${name} should hold ${count} planes and is cut off after ${Math.floor((fileSize - page.start) / size)}`,
      "Copy it again from where it was recorded");
  }
  return Array.from({ length: count }, (_, number) => ({ ...page, number, raw: page.start + number * size, of: count }));
}

/** All planes that can be chosen, with how to read each, and which one to propose. */
async function offered(pages, places, channels, notes) {
  const [planes, sources] = [[], []];
  let best = 0;
  const several = pages.length > 1;
  for (const page of pages) {
    const at = places?.[pages.indexOf(page)];
    const where = places ? { "time point": at.t, plane: at.z, channel: at.c } : several ? { page: page.number } : {};
    const most = page.format === 3 ? 1 : 2 ** page.bits - 1;
    const add = (place, python, source, label) => {
      planes.push({
        height: page.height, width: page.width, places: { ...where, ...place }, label,
        python: { imports: ["import tifffile"], lines: [...reading(page), ...python] },
      });
      sources.push(source);
    };
    const rasters = remembered(page);
    if (page.photometric === PALETTE) {
      const { colours, isRamp } = await palette(page);
      const index = () => rasters().then(([values]) => Float32Array.from(values));
      if (isRamp) {
        add({}, [], index);
        if (page === pages[0]) notes.push("The file has a colour table; the page reads the numbers below it.");
        continue;
      }
      if (page === pages[0]) notes.push("The file holds numbers of colours in a palette; they were turned into the colours.");
      const looked = () => rasters().then(([values]) => colours.map((table) => Float32Array.from(values, (v) => table[v])));
      const lookup = "image = colours[:, image].transpose(1, 2, 0) // 256";
      const own = await addColours(looked, [lookup], 255);
      if (page === pages[0]) best = own;
    } else if (page.colours) {
      if (page.hasAlpha && page === pages[0]) notes.push("Transparency was left out.");
      const channelsLast = page.planar ? ["image = image.transpose(1, 2, 0)"] : [];
      const own = await addColours(rasters, channelsLast, page.format === 3 ? 1 : most);
      if (page === pages[0]) best = own;
    } else {
      const grey = page.samples - (page.hasAlpha ? 1 : 0);
      if (page.hasAlpha && page === pages[0]) notes.push("Transparency was left out.");
      for (let sample = 0; sample < grey; sample++) {
        const lines = page.samples === 1 ? [] : [page.planar ? `image = image[${sample}]` : `image = image[..., ${sample}]`];
        let source = () => rasters().then((all) => Float32Array.from(all[sample]));
        if (page.photometric === WHITE_IS_ZERO && page.format !== 3) {
          if (page === pages[0] && sample === 0) notes.push("In this file 0 is white; it was turned so that bright is large.");
          lines.push(`image = ${most} - image.astype(float)  # in this file, 0 is white`);
          source = () => rasters().then((all) => Float32Array.from(all[sample], (value) => most - value));
        }
        add(grey > 1 ? { channel: (where.channel ?? 0) * grey + sample } : {}, lines, source);
      }
    }

    async function addColours(read, lines, largest) {
      const samples = await (page === pages[0] ? read() : null);
      const start = planes.length;
      if (pages.length === 1 && isGrey(samples)) {
        add({}, [...lines, "image = image[..., 0]  # all colours are alike"], () => read().then(([values]) => Float32Array.from(values)));
        return start;
      }
      for (const [place, choice] of CHOICES.entries()) {
        add({ colour: place }, [...lines, colourLine(choice, largest)],
          () => read().then((all) => colourPlane(all, choice, largest)), choice);
      }
      return samples ? start + CHOICES.indexOf(bestColour(samples)) : start;
    }
  }
  name(planes, channels);
  return { planes, sources, best };
}

/** A page's samples, decoded once for all planes of it, and dropped when another page is read. */
let last = { page: null, rasters: null };
function remembered(page) {
  return async () => {
    if (last.page !== page) last = { page, rasters: decodePage(page) };
    return last.rasters;
  };
}

async function decodePage(page) {
  if (page.raw !== undefined) return [rawPlane(page)];
  const { image } = page;
  if (page.photometric === YCBCR) return image.readRGB({ interleave: false });
  return image.readRasters();
}

/** The values of a plane that has no directory. */
function rawPlane({ image, raw, height, width, bits, format }) {
  const view = new DataView(image.source.arrayBuffer);
  const kind = format === 3 ? "Float" : format === 2 ? "Int" : "Uint";
  const get = DataView.prototype[`get${kind}${bits}`];
  return Float32Array.from({ length: height * width }, (_, i) => get.call(view, raw + i * bits / 8, image.littleEndian));
}

/** The colours of a palette, 8 bits; a ramp from dark to bright is a colour table over intensities. */
async function palette({ image, bits }) {
  const map = await image.fileDirectory.loadValue("ColorMap");
  const size = 2 ** bits;
  const colours = [0, 1, 2].map((part) => Array.from(map.slice(part * size, (part + 1) * size), (v) => v >> 8));
  const brightness = colours[0].map((red, i) => red * 0.3 + colours[1][i] * 0.59 + colours[2][i] * 0.11);
  return { colours, isRamp: brightness.every((value, i) => i === 0 || value >= brightness[i - 1] - 1e-9) };
}

/** The lines of Python that read a page as it is. */
function reading({ number, raw, of, photometric }) {
  if (raw !== undefined) {
    return ["with tifffile.TiffFile(path) as file:", "    page = file.pages[0]",
      `    image = file.asarray().reshape(${of}, *page.shape)[${number}]`];
  }
  const lines = ["with tifffile.TiffFile(path) as file:", `    image = file.pages[${number}].asarray()`];
  if (photometric === PALETTE) lines.push(`    colours = file.pages[${number}].colormap`);
  return lines;
}

/** Along which axes there is more than one. */
function axesOf(planes) {
  const names = ["time point", "plane", "page", "channel", "colour"];
  return names
    .map((axis) => ({ name: axis, size: new Set(planes.map(({ places }) => places[axis])).size }))
    .filter(({ size }) => size > 1);
}

/** Give every plane a name out of its places along the axes. */
function name(planes, channels) {
  const axes = axesOf(planes);
  for (const plane of planes) {
    const parts = axes.map(({ name: axis, size }) => {
      const place = plane.places[axis];
      if (axis === "colour") return plane.label;
      if (axis === "channel" && channels[place]) return channels[place];
      return `${axis} ${place + 1} of ${size}`;
    });
    plane.name = parts.reverse().join(", ") || "grey";
  }
}

async function textOf(tags) {
  const text = await tags.loadValue("ImageDescription");
  return typeof text === "string" ? decodeURIComponent(escapeBytes(text)) : text?.[0];
}

/** geotiff reads a byte as a character; OME writes UTF-8. */
function escapeBytes(text) {
  const escaped = text.replace(/[%\x80-\xff]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
  try {
    decodeURIComponent(escaped);
    return escaped;
  } catch {
    return encodeURIComponent(text);
  }
}

/** Pixels per unit, as the resolution tags say, and the unit's number. */
async function resolution(tags) {
  const [x, y] = [await tags.loadValue("XResolution"), await tags.loadValue("YResolution")];
  const unit = await tags.loadValue("ResolutionUnit");
  return { xPerUnit: x?.[1] ? x[0] / x[1] : 0, yPerUnit: y?.[1] ? y[0] / y[1] : 0, unit };
}

/** Dots per inch are for printers. Per centimetre, and so many that it is a microscope: a size. */
function centimetres({ xPerUnit, yPerUnit, unit }) {
  const size = unit === 3 && xPerUnit && yPerUnit ? inMicrometres(1 / yPerUnit, 1 / xPerUnit, "cm") : null;
  return size && Math.max(size.x, size.y) <= 20 ? size : null;
}

/** Zeiss LSM: metres, as doubles in a tag of its own. */
async function lsmSize(tags) {
  const info = await tags.loadValue(LSM);
  if (!info || info.length < 56) return null;
  const view = new DataView(Uint8Array.from(info).buffer);
  return inMicrometres(view.getFloat64(48, true), view.getFloat64(40, true), "m");
}
