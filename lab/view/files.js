/** Files as the browser hands them over: their bytes, and JPEG decoded. */

import { make } from "../../figures/_shared/elements.js";

export async function bytesOf(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Error(`${file.name} cannot be read any more: it was moved, or changed, or is a folder. Choose it again.`);
  }
}

/** The browser's own decoder for JPEG. It turns the picture as EXIF says, and leaves colours alone. */
export async function decodeJpeg(bytes) {
  const options = { imageOrientation: "from-image", colorSpaceConversion: "none" };
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }), options);
  const { width, height } = bitmap;
  const pen = make("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, data: pen.getImageData(0, 0, width, height).data };
}

/** What a file holds, as read.js has it. */
export async function opened(file) {
  const { open } = await import("../read.js");
  return open(await bytesOf(file), file.name, { decodeJpeg });
}
