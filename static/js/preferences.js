/** What this browser's owner has chosen, yes or no. */

/** Null if nothing was chosen, or nothing may be kept. */
export function remembered(key) {
  try {
    const value = localStorage.getItem(key);
    return value === null ? null : value === "true";
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(key, String(value));
  } catch {
    // storage is switched off: it counts for this visit
  }
}
