/** The sheet of keys: `?` opens it. */

import { element } from "./dom.js";
import { said } from "./i18n.js";
import { LIVE_KEYS } from "./keys.js";
import { PLAYBACK_KEYS, PLAYER_KEYS } from "./playback_keys.js";

const SIGNS = { " ": "keys.space", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", Home: "Home", End: "End" };

/** @param {HTMLElement} place what is on the screen: a dialog elsewhere would lie below it */
export function showKeys(place) {
  const close = said("button", "keys.close", { type: "button", autofocus: "" });
  const dialog = element(
    "dialog",
    { class: "keys", "aria-labelledby": "keys-title" },
    element("header", {}, said("h2", "keys.title", { id: "keys-title" }), close),
    said("p", "keys.where"),
    said("h3", "keys.live"),
    table([...LIVE_KEYS, ...PLAYER_KEYS]),
    said("h3", "keys.recording"),
    table(PLAYBACK_KEYS),
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  place.append(dialog);
  dialog.showModal();
}

/** Keys that do the same stand together. */
function table(keys) {
  const rows = new Map();
  for (const { keys: those, text } of keys) {
    rows.set(text, [...(rows.get(text) ?? []), ...those.filter((key) => key !== "=")]);
  }
  const list = element("dl");
  for (const [words, those] of rows) {
    const signs = those.length === 10 ? ["0", "…", "9"] : those;
    list.append(element("div", {}, element("dt", {}, ...signs.map(sign)), said("dd", words)));
  }
  return list;
}

function sign(key) {
  if (key === "…") return element("span", {}, "–");
  const shown = SIGNS[key] ?? key.toUpperCase();
  return shown.startsWith("keys.") ? said("kbd", shown) : element("kbd", {}, shown);
}
