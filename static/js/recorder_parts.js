/** What `<pet-stream-recorder>` is made of. */

import { element, icon } from "./dom.js";

/** @typedef {ReturnType<typeof recorderParts>} Parts */

/**
 * All of it, in `panel`; `end`, `keep` and `close` are buttons.
 */
export function recorderParts() {
  const parts = {
    toggle: button({ class: "toggle", part: "toggle", "data-record": "", "data-label": "record.label" }),
    state: element("p", { class: "state", part: "state", "data-record-state": "" }),
    note: element("p", { class: "note", part: "note", "data-record-file": "" }),
    time: element("time", { class: "time", part: "time", "data-record-time": "" }),
    size: element("span", { class: "size", part: "size", "data-record-size": "" }),
    clip: element("span", { class: "clip-place", part: "clip-place" }),
    question: element("div", {
      class: "question",
      part: "question",
      role: "group",
      "data-label": "record.sure",
      hidden: "",
    }),
    end: button({ class: "answer end", "data-text": "record.end" }),
    keep: button({ class: "answer keep", "data-text": "record.keep" }),
    message: element("p", { class: "message", part: "message", "data-record-message": "" }),
    notice: element("div", { class: "message notice", part: "message", hidden: "" }),
    noticeWords: element("p", { "data-record-notice": "" }),
    close: button({ class: "close", "data-label": "record.read" }),
    spoken: element("p", { class: "spoken", role: "status" }),
  };
  parts.toggle.append(element("span"));
  parts.close.append(icon("close"));
  parts.question.append(element("span", { "data-text": "record.sure" }), parts.end, parts.keep);
  parts.notice.append(parts.noticeWords, parts.close);
  const panel = element(
    "section",
    { class: "panel", role: "group", "data-label": "record.panel", hidden: "" },
    parts.toggle,
    element("div", { class: "said" }, parts.state, parts.note),
    element("div", { class: "numbers" }, parts.time, parts.size),
    parts.clip,
    element("div", { class: "messages", part: "messages" }, parts.question, parts.message, parts.notice),
    parts.spoken,
  );
  return { ...parts, panel };
}

/** @param {Record<string, string>} attributes */
function button(attributes) {
  return element("button", { type: "button", ...attributes });
}
