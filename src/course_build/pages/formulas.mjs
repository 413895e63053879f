// Reads [{tex, display}] from standard input and writes [{html} or {error}].
// Argument: the address of katex.mjs.
const { default: katex } = await import(process.argv[2]);

let input = "";
for await (const chunk of process.stdin) input += chunk;

const results = JSON.parse(input).map(({ tex, display }) => {
  try {
    const options = { displayMode: display, output: "htmlAndMathml", strict: "error" };
    return { html: katex.renderToString(tex, options) };
  } catch (error) {
    return { error: error.message };
  }
});
process.stdout.write(JSON.stringify(results));
