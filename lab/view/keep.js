/** For a visit without a network: a service worker keeps what this page has used. */

import { TOOLS } from "../tools.js";
import listed from "../weights/weights.json" with { type: "json" };

/**
 * base : address of the folder lab/; tool : one that has run
 *
 * Where browsers have no service workers, as on pages from disk, nothing happens.
 */
export async function keepForLater(base, tool) {
  if (!("serviceWorker" in navigator) || !location.protocol.startsWith("http")) return;
  try {
    await navigator.serviceWorker.register(new URL("offline_worker.js", base));
    const { active } = await navigator.serviceWorker.ready;
    const own = performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => name.startsWith(location.origin));
    const page = location.href.replace(/#.*$/, "");
    active.postMessage({ loaded: [...new Set([page, ...own])], used: ["runtime.wasm", (TOOLS[tool].own?.graph ?? listed[TOOLS[tool].weights]).file] });
  } catch {
    // Private windows and full disks: the page works all the same, with a network.
  }
}
