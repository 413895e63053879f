/** Whether bytes are those that were meant. */

/** Compare bytes with a SHA-256 in hexadecimal. Where a page came without encryption, browsers do not say: true. */
export async function hasHash(bytes, sha256) {
  if (!globalThis.crypto?.subtle) return true;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}
