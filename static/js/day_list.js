/** The day as a list, for whoever does not see the strip: every recording, with its times in words. */

import { canPlay, endOf } from "./day_geometry.js";
import { element, setText } from "./dom.js";
import { clock, lengthInWords } from "./format.js";
import { language, text } from "./i18n.js";

/** @typedef {import("./day_geometry.js").Span} Span */

/** So many more at a time. */
const PAGE = 100;

/** A `<details>` that is filled when it is opened. Sends `play` with a span. */
export class DayList extends EventTarget {
  node;
  #summary = element("summary");
  #list = element("ol");
  #more = element("button", { type: "button", class: "older", hidden: "" });
  /** @type {Span[]} */
  #spans = [];
  #now = 0;
  #language = "";
  #count = PAGE;

  constructor() {
    super();
    this.node = element("details", { class: "day-list" }, this.#summary, this.#list, this.#more);
    this.node.addEventListener("toggle", () => this.#fill());
    this.#more.addEventListener("click", () => this.#showMore());
  }

  /**
   * @param {Span[]} spans
   * @param {number} now
   */
  show(spans, now) {
    const isSame = spans === this.#spans && language() === this.#language;
    if (isSame) return;
    [this.#spans, this.#now, this.#language] = [spans, now, language()];
    this.node.hidden = spans.length === 0;
    setText(this.#summary, text("day.list", { count: spans.length }));
    this.#fill();
  }

  #fill() {
    if (!this.node.open) return;
    const spans = this.#spans.slice(0, this.#count);
    const focused = [...this.#list.children].indexOf(/** @type {any} */ (document.activeElement?.parentElement));
    this.#list.replaceChildren(...spans.map((span) => this.#item(span)));
    if (focused >= 0) this.#focus(focused);
    this.#more.hidden = this.#spans.length <= this.#count;
    setText(this.#more, text("day.list.more"));
  }

  #showMore() {
    const first = this.#count;
    this.#count += PAGE;
    this.#fill();
    this.#focus(first);
  }

  /** @param {number} index */
  #focus(index) {
    this.#list.children[index]?.querySelector("button")?.focus();
  }

  /** @param {Span} span */
  #item(span) {
    const facts = factsOf(span, this.#now);
    if (!canPlay(span)) return element("li", {}, facts);
    const button = element("button", { type: "button" }, facts);
    button.addEventListener("click", () =>
      this.dispatchEvent(new CustomEvent("play", { detail: span })),
    );
    return element("li", {}, button);
  }
}

/**
 * `3:51:01`, `3 min`, `kept`
 *
 * @param {Span} span
 * @param {number} now
 */
function factsOf(span, now) {
  const { from, to, gaps = [], starred, clip } = span;
  const missing = gaps.reduce((sum, [begin, end]) => sum + end - begin, 0);
  const facts = [
    clock(new Date(from * 1000), { seconds: true }),
    to === null ? text("day.is.running") : lengthInWords(endOf(span, now) - from),
    starred ? text("day.is.kept") : "",
    clip ? text("recordings.clip") : "",
    missing > 1 ? text("recordings.missing", { length: lengthInWords(missing) }) : "",
  ];
  return facts.filter(Boolean).join(" · ");
}
