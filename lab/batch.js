/**
 * Many files, one after the other, with the same settings. No DOM.
 *
 * A row is { file, name } and either `problem`, a sentence, or what was found in it: { height, width,
 * pixelSize, plane, count, table, labels }, `table` as measure.js makes it, `labels` packed.
 */

/**
 * Do `one(file)` for each file; it answers with what a row holds.
 *
 * files : [File]; onBegin(number) is told before each, onRow(row) after it
 * What fails becomes the row's problem and stops nothing; a cancel (AbortError) stops the rest.
 * Returns whether all were done.
 */
export async function inTurn(files, one, { signal, onBegin = () => {}, onRow = () => {} } = {}) {
  for (const [number, file] of files.entries()) {
    if (signal?.aborted) return false;
    onBegin(number);
    const row = { file, name: file.name };
    try {
      Object.assign(row, await one(file));
    } catch (error) {
      if (signal?.aborted || error.name === "AbortError") return false;
      row.problem = error.message || "It could not be segmented.";
    }
    onRow(row);
  }
  return true;
}

/** Why the planes of a file are not those of another, in a sentence; null if they are. Both of read.js. */
export function otherPlanes(file, first) {
  const [own, wanted] = [file, first].map(({ planes }) => planes.map(({ name }) => name).join(", "));
  const single = file.planes.length === 1 && first.planes.length === 1;
  if (single || own === wanted) return null;
  return `${file.name} holds ${told(file)}, where ${first.name} holds ${told(first)}: which one to take is not clear. Choose it alone.`;
}

function told({ planes, axes }) {
  if (planes.length === 1) return "one grey plane";
  if (axes.some(({ name }) => name === "colour")) return "a picture in colour";
  return axes.map(({ name, size }) => `${size} ${name}s`).join(" × ");
}

/** A label image, packed: a Blob, which a browser may keep on disk. */
export function packed(labels) {
  return through(new CompressionStream("gzip"), new Blob([labels])).then((answer) => answer.blob());
}

export async function unpacked(blob) {
  const answer = await through(new DecompressionStream("gzip"), blob);
  return new Int32Array(await answer.arrayBuffer());
}

async function through(change, blob) {
  return new Response(blob.stream().pipeThrough(change));
}
