// Writes the lab's scripts, bundled, to standard output as JSON: {name: text}.
// Arguments: the repository's folder; as JSON, the modules that pages load, by their names there, and
// the runtime that the worker loads.
import { join } from "node:path";
import { build } from "esbuild";

const [root, pages, runtime] = process.argv.slice(2);
const folder = join(root, "lab");
const common = {
  bundle: true,
  outdir: folder, // nothing is written there: for the names
  target: "es2022",
  platform: "browser",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  write: false,
  logLevel: "error",
};
const stop = () => process.exit(1); // esbuild has said why

// What the page imports when it is needed becomes a file of its own.
const pageScript = await build({
  ...common,
  entryPoints: Object.fromEntries(Object.entries(JSON.parse(pages)).map(([name, file]) => [name, join(folder, file)])),
  format: "esm",
  splitting: true,
  chunkNames: "[name]-[hash]",
}).catch(stop);
const worker = await build({
  ...common,
  entryPoints: { worker: join(folder, "worker.js") },
  format: "iife", // a plain script: every browser starts such a worker
  define: {
    "globalThis.LAB_RUNTIME": runtime,
    // ONNX Runtime asks where it lies, to load its program from there; it is handed over instead.
    "import.meta.url": "self.location.href",
  },
}).catch(stop);

const files = [...pageScript.outputFiles, ...worker.outputFiles];
const named = files.map(({ path, text }) => [path.slice(folder.length + 1).replaceAll("\\", "/"), text]);
process.stdout.write(JSON.stringify(Object.fromEntries(named)));
