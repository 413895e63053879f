/**
 * The service worker of the page "Try your own image": what was used once works without a network.
 *
 * It keeps the files of the lab and the look of its page, and no other page. Everything comes from the
 * network while there is one, so that nothing is stale; what bears its own hash in its address cannot
 * be, and comes from what is kept. A new version of the lab takes the place of the old one.
 *
 * The build puts LAB before it: { version, scripts: [address], hashed: [address with "?hash"] }, all
 * relative to the folder lab/, which is as far as it reaches.
 */

/* global LAB */
const HOME = self.registration.scope;
const OWN = `lab ${HOME} `; // other sites of this host have caches of their own
const NAME = OWN + LAB.version;
const [SCRIPTS, HASHED] = [LAB.scripts, LAB.hashed].map((names) => new Set(names.map((name) => new URL(name, HOME).href)));
const LOOKS = ["document", "style", "script", "font", "image"];

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => event.waitUntil(keep(event.data)));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(self.location.origin)) event.respondWith(answer(event.request));
});

async function install() {
  const cache = await caches.open(NAME);
  await cache.addAll([...SCRIPTS].map((url) => new Request(url, { cache: "no-cache" }))); // not an older version
  for (const name of await olderOnes()) { // large files that did not change, and the page's look
    const old = await caches.open(name);
    for (const request of await old.keys()) {
      if (isCurrent(request.url) && !await cache.match(request)) await cache.put(request, await old.match(request));
    }
  }
  await self.skipWaiting();
}

async function activate() {
  for (const name of await olderOnes()) await caches.delete(name);
  await self.clients.claim();
}

async function olderOnes() {
  return (await caches.keys()).filter((name) => name.startsWith(OWN) && name !== NAME);
}

/** Whether this version of the lab still has a file: scripts and large files are listed. */
function isCurrent(url) {
  if (!url.startsWith(HOME)) return true;
  return SCRIPTS.has(url) || HASHED.has(url) || !/\.js$|\.[gx]z\?/.test(url);
}

/** Keep addresses that a page has loaded already, and the networks it has used: { loaded, used }. */
async function keep({ loaded, used }) {
  const cache = await caches.open(NAME);
  const large = [...HASHED].filter((url) => used.some((name) => url.includes(name)));
  await Promise.allSettled([...loaded.filter(isCurrent), ...large].map(async (url) => {
    if (!await cache.match(url)) await cache.add(url);
  }));
}

async function answer(request) {
  const cache = await caches.open(NAME);
  const anew = request.cache === "reload"; // what was kept is damaged
  const kept = HASHED.has(request.url) && !anew ? await cache.match(request) : null;
  if (kept) return kept;
  try {
    const given = await fetch(request);
    const belongs = request.url.startsWith(HOME) || LOOKS.includes(request.destination);
    if (given.status === 200 && belongs) cache.put(request, given.clone()).catch(() => {}); // the disk may be full
    return given;
  } catch (error) {
    const older = await cache.match(request, { ignoreSearch: request.mode === "navigate" });
    if (older) return older;
    throw error;
  }
}
