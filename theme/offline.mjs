// Writes docs/javascripts as one plain script to standard output, with the figures' JSON inside.
// Argument: the folder with site.js.
import { join } from "node:path";
import { build } from "esbuild";

const folder = process.argv[2];
// Takes the place of fetch() in every module: the data lies in the script itself.
const fetchFromScript = `
export async function fetch(address) {
  const name = new URL(address).pathname.split("/").pop().replace(/\\.json$/, "");
  const { default: data } = await import(\`./figures/\${name}.json\`);
  return { ok: true, status: 200, json: async () => structuredClone(data) };
}`;

const result = await build({
  entryPoints: [join(folder, "site.js")],
  bundle: true,
  format: "iife",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  // A plain script has no import.meta: all that is asked of it is the place of a JSON file.
  define: { "import.meta.url": '"disk:/"' },
  inject: ["fetch-from-script"],
  plugins: [{
    name: "fetch-from-script",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^fetch-from-script$/ }, ({ path }) => ({ path, namespace: path }));
      onLoad({ filter: /.*/, namespace: "fetch-from-script" }, () => (
        { contents: fetchFromScript, resolveDir: folder }
      ));
    },
  }],
  write: false,
  logLevel: "error",
}).catch(() => process.exit(1)); // esbuild has said why
process.stdout.write(result.outputFiles[0].text);
