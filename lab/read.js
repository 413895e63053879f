/**
 * Read an image file: what lies in it, and one grey plane of it at a time. No DOM.
 *
 *   const file = await open(bytes, "cells.tif", { decodeJpeg });
 *   const pixels = await file.read(file.best);
 *
 * A file is
 *   kind       "TIFF", "PNG" or "JPEG"
 *   type       what a pixel holds, in words: "16-bit"
 *   axes       [{ name: "channel" | "plane" | "time point" | "page" | "colour", size }]: more than one
 *   planes     [{ name, height, width, places, python }]: what can be chosen. `places` are its
 *              numbers along the axes, from 0; `python` are the lines that read the same plane
 *   best       number of the plane that is proposed; with more than one, the page says so
 *   pixelSize  { y, x } in µm, or null where the file does not say
 *   notes      what was done on reading, in sentences
 *   read(n)    Promise of the plane's values, Float32Array(height*width), as they stand in the file
 *
 * A decoder for JPEG comes from outside, since browsers have one:
 * decodeJpeg(bytes) → { width, height, data: RGBA, 8 bits }, turned as EXIF says.
 */

import { openJpeg } from "./jpeg.js";
import { openPng } from "./png.js";
import { openTiff } from "./tiff.js";
import { Unreadable } from "./unreadable.js";

export { Unreadable };

export const LARGEST = 8192; // px a side, of a square: more goes to the notebook
export const SMALLEST = 16; // px a side: less holds no object that could be judged

const AS_TIFF = "Open it in Fiji and save it as TIFF (File › Save As › Tiff)";
const OTHERS = [ // how files begin that the page does not read
  ["ZISRAWFILE", "a CZI file of Zeiss", AS_TIFF],
  ["\xDA\xCE\xBE\x0A", "an ND2 file of Nikon", AS_TIFF],
  ["p\0\0\0", "a LIF file of Leica", AS_TIFF],
  ["\xD0\xCF\x11\xE0", "an OIB file, or another with files in it", AS_TIFF],
  ["\x89HDF", "an HDF5 file (Imaris, ilastik and others)", AS_TIFF],
  ["GIF8", "a GIF, which keeps only 256 colours", AS_TIFF],
  ["BM", "a BMP file", "Save it as PNG or TIFF"],
  ["\0\0\0\x0CjP  ", "a JPEG 2000 file", AS_TIFF],
  ["%PDF", "a PDF", "Give the image itself, as it came from the microscope"],
  ["PK\x03\x04", "a zip", "Unpack it, and give one image of it"],
];

/**
 * What a file holds.
 *
 * bytes : Uint8Array
 * name : its name, for the sentences
 * Throws Unreadable where it is no image that the page can take.
 */
export async function open(bytes, name, { decodeJpeg } = {}) {
  if (bytes.length === 0) {
    throw new Unreadable(`${name} is empty, 0 bytes`, "Copy it again from where it was recorded");
  }
  const file = await decode(bytes, name, decodeJpeg);
  for (const { height, width } of file.planes) checkSize(name, height, width);
  return { name, best: 0, notes: [], ...file };
}

async function decode(bytes, name, decodeJpeg) {
  const begin = String.fromCharCode(...bytes.subarray(0, 16));
  const reader = /^(II[*+]\0|MM\0[*+])/.test(begin) ? openTiff
    : begin.startsWith("\x89PNG") ? openPng
    : begin.startsWith("\xFF\xD8\xFF") ? openJpeg : null;
  if (!reader) throw unknown(bytes, begin, name);
  try {
    return await reader(bytes, { name, checkSize, decodeJpeg });
  } catch (error) {
    if (error instanceof Unreadable || error.name === "AbortError") throw error;
    throw damaged(name, error);
  }
}

/** Decoders throw anything. */
export function damaged(name, error) {
  return new Unreadable(
    `${name} is damaged or cut off (${error.message || error.name})`,
    "Copy it again; if Fiji opens it, save it there as TIFF",
  );
}

function unknown(bytes, begin, name) {
  for (const [mark, kind, advice] of OTHERS) {
    if (begin.startsWith(mark)) return new Unreadable(`${name} is ${kind}`, advice);
  }
  if (begin.startsWith("RIFF") && begin.endsWith("WEBP", 12)) {
    return new Unreadable(`${name} is a WebP picture`, "Save it as PNG or TIFF");
  }
  return new Unreadable(
    isText(bytes.subarray(0, 512)) ? `${name} holds text, not an image` : `${name} is no TIFF, PNG or JPEG`,
    "The page reads TIFF, PNG and JPEG; Fiji saves nearly everything as TIFF",
  );
}

function isText(bytes) {
  if (!bytes.every((byte) => byte >= 32 || [9, 10, 12, 13].includes(byte))) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function checkSize(name, height, width) {
  if (Math.min(height, width) < SMALLEST) {
    throw new Unreadable(
      `${name} has only ${width} × ${height} pixels`,
      "Look whether it is a thumbnail, and give the whole image",
    );
  }
  if (height * width > LARGEST ** 2) {
    throw new Unreadable(
      `${name} has ${width} × ${height} pixels, more than a browser can hold at once`,
      "The notebook “Large images” works through it in tiles; or give a part of it",
    );
  }
}

/** Why nothing can be found in a plane, in a sentence; null if it can be tried. */
export function emptiness(pixels) {
  const first = pixels[0];
  if (!pixels.every((value) => value === first)) return null;
  return `Every pixel has the value ${first}: there is nothing to see. Choose another plane or file.`;
}
