/**
 * The keys of the stage that are there always, and which key of a table is pressed. They work while
 * the focus is on the stage (WCAG 2.1.4). Pure.
 *
 * @typedef {{ keys: string[], action: string, value?: number, text: string }} Key
 */

/** @type {Key[]} */
export const LIVE_KEYS = [
  { keys: ["r"], action: "record", text: "keys.record" },
  { keys: ["c"], action: "clip", text: "keys.clip" },
  { keys: ["?"], action: "keys", text: "keys.keys" },
];

/** A control has these for itself. */
const OF_BUTTONS = [" ", "Enter"];
const OF_CHOICES = [...OF_BUTTONS, "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];

/**
 * What a key does, null if it is none of `table`. `on` is what has the focus: "", "button" or "choice".
 *
 * @param {{ key: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean }} event
 * @param {Key[]} table
 * @param {"" | "button" | "choice"} [on]
 * @returns {Key | null}
 */
export function keyOf({ key, ctrlKey, metaKey, altKey }, table, on = "") {
  if (ctrlKey || metaKey || altKey) return null;
  if (on === "button" && OF_BUTTONS.includes(key)) return null;
  if (on === "choice" && (OF_CHOICES.includes(key) || key.length === 1)) return null;
  const pressed = key.length === 1 ? key.toLowerCase() : key;
  return table.find(({ keys }) => keys.includes(pressed)) ?? null;
}
