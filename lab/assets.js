/** What is large and comes when it is needed: the runtime and the networks' weights. */

import { XzReadableStream } from "xz-decompress";
import { EngineError } from "./errors.js";
import { hasHash } from "./hash.js";

const AGAIN = "Check the connection and run it again";

/**
 * Fetch a file, look whether it is the right one, and unpack it.
 *
 * listed: {file, bytes, sha256}; its ending says how it is packed
 * onProgress: function of the bytes that are there, and of all
 * signal: AbortSignal
 * Throws EngineError if it cannot be had or is damaged.
 */
export async function load({ file, bytes, sha256 }, base, onProgress, signal) {
  // The part of its hash lets no cache answer with an earlier version.
  const address = new URL(`${file}?${sha256.slice(0, 12)}`, base);
  for (const cache of ["default", "reload"]) { // what lies damaged in the cache is fetched anew
    const packed = await download(address, bytes, cache, onProgress, signal);
    // Some servers unpack .gz on the way. Then there is nothing to check or to unpack.
    if (file.endsWith(".gz") && packed[0] !== 0x1f) return packed;
    if (await hasHash(packed, sha256)) return unpack(packed, file);
  }
  throw new EngineError(`${file} arrived damaged. ${AGAIN}`);
}

async function unpack(packed, file) {
  const stream = new Blob([packed]).stream();
  const unpacked = file.endsWith(".xz")
    ? new XzReadableStream(stream) : stream.pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  } catch (error) { // both check what they unpack
    throw new EngineError(`${file} arrived damaged. ${AGAIN}`, { cause: error });
  }
}

async function download(address, expected, cache, onProgress, signal) {
  const name = address.pathname.split("/").pop();
  let response;
  try {
    response = await fetch(address, { signal, cache });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    onProgress(0, expected);
    const pieces = [];
    let there = 0;
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      there += value.length;
      onProgress(Math.min(there, expected), expected);
    }
    const all = new Uint8Array(there);
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new EngineError(`${name} could not be loaded (${error.message}). ${AGAIN}`, { cause: error });
  }
}
