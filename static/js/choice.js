/** Choices of this browser's owner, kept for the next visit. */

/** @param {string} key */
export function remembered(key, usual = false) {
  try {
    return (localStorage.getItem(key) ?? String(usual)) === "true";
  } catch {
    return usual; // storage is switched off
  }
}

/** @param {string} key */
export function remember(key, value) {
  try {
    localStorage.setItem(key, String(value));
  } catch {
    // it counts for this visit
  }
}
