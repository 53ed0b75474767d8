/**
 * Which language the page is in. What counts, from the first on: `lang` of the first element
 * of ours or of what it stands in; what was chosen on this device; the server's setting; the browser.
 */

/** The languages there are words for, by the names that they have for themselves. */
export const LANGUAGES = { en: "English", ja: "日本語" };

const KEY = "pet-stream.language";

/** Our elements. */
const ELEMENTS = "pet-stream, pet-stream-recorder, pet-stream-recordings";

/** The document's root; none outside of a page. */
const root = globalThis.document?.documentElement;
/** The server's setting: a language, or "auto". On a page of ours it stands in the document. */
let ofServer = root?.dataset.language ?? "auto";

/**
 * The first of the wanted languages that there are words for. Pure.
 * @param {Iterable<string | null | undefined>} wanted
 */
export function choose(wanted) {
  for (const tag of wanted) {
    const short = tag?.split("-")[0].toLowerCase() ?? "";
    if (Object.hasOwn(LANGUAGES, short)) return short;
  }
  return "en";
}

/** @returns {string} */
export function wantedLanguage() {
  const ofBrowser = globalThis.navigator?.languages ?? [];
  return choose([ofAttribute(), chosenLanguage(), ofServer, ...ofBrowser]);
}

/** What somebody has chosen on this device; "" for nothing. */
export function chosenLanguage() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // a page without storage
  }
}

/** @param {string} tag "": nothing is chosen here any more. */
export function keepChosenLanguage(tag) {
  try {
    if (tag) localStorage.setItem(KEY, tag);
    else localStorage.removeItem(KEY);
  } catch {
    // then it lasts as long as the page
  }
}

/** @param {string} setting */
export function setServerLanguage(setting) {
  ofServer = setting;
}

/**
 * Has `callback` called when the document's language may be another one.
 * @param {() => void} callback
 */
export function watchLanguage(callback) {
  if (!root) return;
  if (!isOurs(root)) new MutationObserver(callback).observe(root, { attributeFilter: ["lang"] });
  addEventListener("storage", ({ key }) => key === KEY && callback()); // chosen in another tab
}

function ofAttribute() {
  const marked = root && document.querySelector(ELEMENTS)?.closest("[lang]");
  return marked && !isOurs(marked) ? marked.getAttribute("lang") : null;
}

/** Whether it is the root of a page of ours, whose `lang` says what the page is in. */
function isOurs(node) {
  return node.dataset.language !== undefined;
}
