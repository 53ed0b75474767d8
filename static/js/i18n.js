/** What the page says, in the first of the reader's languages that there are words for. */

const WORDS = {
  en: () => import("./words_en.js"),
  ja: () => import("./words_ja.js"),
};

let current;
let words;
await setLanguage(choose(globalThis.navigator?.languages ?? []));

/** The first of the wanted languages that there is a dictionary for. */
export function choose(wanted) {
  const short = wanted.map((tag) => tag.split("-")[0].toLowerCase());
  return short.find((tag) => tag in WORDS) ?? "en";
}

export function language() {
  return current;
}

export async function setLanguage(tag) {
  current = choose([tag]);
  words = (await WORDS[current]()).default;
}

/** Adds the words of a part of the page that few need (`words_PART_LANGUAGE.js`). */
export async function addWords(part) {
  words = { ...words, ...(await import(`./words_${part}_${current}.js`)).default };
}

export function hasText(key) {
  return key in words;
}

/** The text of `key`; `values.count`, where there is one, chooses between singular and plural. */
export function text(key, values = {}) {
  let entry = words[key] ?? key;
  if (typeof entry === "object") {
    entry = entry[new Intl.PluralRules(current).select(values.count)] ?? entry.other;
  }
  return entry.replace(/\{(\w+)\}/g, (match, name) => {
    const value = values[name] ?? match;
    return typeof value === "number" ? value.toLocaleString(current) : value;
  });
}

/** How many pictures a second a slow connection brings, in words. */
export function pace(fps) {
  if (fps < 0.75) return text("player.slow.rare", { count: Math.round(1 / fps) });
  const count = Math.round(fps);
  const key = `player.slow.${count}`;
  return text(hasText(key) ? key : "player.slow", { count });
}

/**
 * What the server gives as a reason, `english`, in the page's language: by its code where
 * there is a translation, else as it is. `recording.CODE` is why the last recording ended.
 */
export function reasonText(code = "", english = "") {
  const [, ended] = /^recording\.(.+)/.exec(code) ?? [];
  const key = `reason.${ended ?? code}`;
  if (!hasText(key)) return english;
  const reason = text(key, { words: english });
  return ended ? text("reason.last_recording", { words: reason }) : reason;
}

/** Translates what the template marked: `data-text` (content), `data-label` (accessible name). */
export function translate(root) {
  for (const node of root.querySelectorAll("[data-text]")) {
    node.textContent = text(node.dataset.text);
  }
  for (const node of root.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", text(node.dataset.label));
  }
}
