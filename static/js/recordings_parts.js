/** What `<pet-stream-recordings>` is made of, around its rows. */

import { element, icon } from "./dom.js";
import { said } from "./i18n.js";

/**
 * @param {HTMLElement} rows
 * @param {HTMLElement} bin
 */
export function listParts(rows, bin) {
  const count = element("p", { class: "count", part: "count" });
  const hint = element("p", { class: "hint" });
  const title = said("h2", "recordings.title", { id: "title", part: "title" });
  const message = element("p", { class: "message" });
  const meter = element("meter", { value: "0", "aria-hidden": "true" });
  const disk = element("p", { class: "disk", part: "disk", "data-disk": "ok", hidden: "" });
  disk.append(meter, element("span"));
  const raw = said("p", "recordings.raw", { class: "raw", hidden: "" });
  const repairing = said("p", "recordings.repairing", { class: "raw", hidden: "" });
  const older = element("button", { type: "button", class: "older", "data-older": "", hidden: "" });
  const news = element("p", { class: "spoken", role: "status" });
  const empty = nothing("empty", icon("clip"), said("strong", "recordings.empty"));
  empty.append(said("p", "recordings.empty.text"));
  const body = element(
    "section",
    { class: "recordings", part: "body", "aria-labelledby": "title", hidden: "" },
    element("header", {}, title, count, hint),
    ...[message, disk, raw, repairing, rows, older],
    nothing("loading", said("p", "playback.loading")),
    empty,
    nothing("failed", said("p", "recordings.failed")),
    ...[bin, news],
  );
  return { body, count, hint, message, disk, raw, repairing, older, news };
}

/**
 * What stands there instead of rows, in one of the list's states.
 *
 * @param {string} state
 * @param {...Node} children
 */
function nothing(state, ...children) {
  return element("div", { class: `nothing ${state}` }, ...children);
}
