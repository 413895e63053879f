// Writes the site's modules as one plain script to standard output, with the figures' JSON inside.
// Argument: a folder laid out as the site, with javascripts/site.js and figures/.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const folder = process.argv[2];
// Takes the place of fetch() in every module: the data lies in the script itself. A module asks for
// ./page.json, or another, beside itself, so its own name says whose.
const fetchFromScript = `
export async function fetch(address) {
  const [figure, file] = new URL(address).pathname.split("/").slice(-2);
  const name = file.replace(/\\.json$/, "");
  const { default: data } = await import(\`./figures/\${figure}/\${name}.json\`);
  return { ok: true, status: 200, json: async () => structuredClone(data) };
}`;

const result = await build({
  entryPoints: [join(folder, "javascripts", "site.js")],
  bundle: true,
  format: "iife",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  inject: ["fetch-from-script"],
  plugins: [{
    name: "fetch-from-script",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^fetch-from-script$/ }, ({ path }) => ({ path, namespace: path }));
      onLoad({ filter: /.*/, namespace: "fetch-from-script" }, () => (
        { contents: fetchFromScript, resolveDir: folder }
      ));
      // A plain script has no import.meta: all that is asked of it is the place of a JSON file.
      onLoad({ filter: /[\\/](figures|lab)[\\/].*\.js$/ }, async ({ path }) => {
        const place = path.slice(folder.length).replaceAll("\\", "/");
        const text = await readFile(path, "utf8");
        return { contents: text.replaceAll("import.meta.url", JSON.stringify(`disk:${place}`)) };
      });
    },
  }],
  write: false,
  logLevel: "error",
}).catch(() => process.exit(1)); // esbuild has said why
process.stdout.write(result.outputFiles[0].text);
