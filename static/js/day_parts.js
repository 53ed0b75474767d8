/** What the strip of the day is made of, in the document. */

import { element, icon } from "./dom.js";
import { said, sayLabel } from "./i18n.js";

/** Its bar of buttons, the strip itself, and what is said about both. */
export function dayParts() {
  const previous = button("previous-day", "previous", "day.previous");
  const next = button("next-day", "next", "day.next");
  const further = button("further", "zoom-out", "day.further");
  const closer = button("closer", "zoom-in", "day.closer");
  const date = element("button", { type: "button", class: "date", "aria-haspopup": "dialog" });
  const live = said("button", "day.live", { type: "button", class: "to-live" });
  const hint = element("span", { class: "hint" });
  const keys = said("p", "day.keys", { class: "spoken", id: "day-keys" });
  const slider = element("div", {
    class: "slider",
    role: "slider",
    tabindex: "0",
    "aria-valuemin": "0",
    "aria-describedby": "day-keys",
  });
  return {
    ...{ previous, next, further, closer, date, live, hint, slider },
    bar: element("div", { class: "toolbar" }, previous, date, next, hint, further, closer, live, keys),
    note: element("p", { class: "note" }),
    news: element("p", { class: "spoken", role: "status" }),
  };
}

/**
 * @param {string} kind
 * @param {string} symbol
 * @param {string} label
 */
function button(kind, symbol, label) {
  const node = element("button", { type: "button", class: `action ${kind}` }, icon(symbol));
  sayLabel(node, label);
  return node;
}
