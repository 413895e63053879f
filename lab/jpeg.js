/** Read JPEG: with the browser's own decoder, turned as its EXIF data says. No DOM. */

import { picture } from "./png.js";

export async function openJpeg(bytes, { name, checkSize, decodeJpeg }) {
  const { height, width, turned } = header(bytes);
  checkSize(name, height, width); // before anything is unpacked
  const decoded = await decodeJpeg(bytes);
  const size = { height: decoded.height, width: decoded.width };
  const samples = [0, 1, 2].map((sample) => (
    Float32Array.from({ length: size.height * size.width }, (_, i) => decoded.data[4 * i + sample])
  ));
  const notes = ["JPEG has changed the pixels to save space: good for a trial, not for measurements."];
  if (turned) notes.push("The picture was turned, as the file asks for (EXIF).");
  const python = {
    imports: ["from PIL import Image, ImageOps"],
    lines: ['image = np.array(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))'],
  };
  return { kind: "JPEG", type: "8-bit", pixelSize: null,
    ...picture(samples, { ...size, most: 255, notes, python }) };
}

/** Height, width and whether EXIF asks to turn it, from the parts in front of the pixels. */
export function header(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let turned = false;
  for (let at = 2; at + 9 < bytes.length;) {
    const marker = view.getUint16(at);
    if (marker < 0xff01) throw new Error("a part has no name");
    if (marker === 0xffe1) turned ||= orientation(view, at + 4) > 1;
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7), turned };
    at += 2 + view.getUint16(at + 2);
  }
  throw new Error("it has no size");
}

function orientation(view, at) {
  if (view.getUint32(at) !== 0x45786966) return 1; // "Exif"
  const tiff = at + 6;
  const little = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, little);
  const count = view.getUint16(directory, little);
  for (let entry = directory + 2; entry < directory + 2 + 12 * count; entry += 12) {
    if (view.getUint16(entry, little) === 0x0112) return view.getUint16(entry + 8, little);
  }
  return 1;
}
