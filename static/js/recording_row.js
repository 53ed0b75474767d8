/**
 * `<pet-stream-recording>`: one recording in the list. It lives as long as the recording stands there,
 * and changes only what has changed of it.
 *
 * Dispatches `row` (bubbling, within the list) with `detail {action, row}`: `play`, `star`, `delete`,
 * `remove` (for all that), `cancel` or `undo`.
 */

import { element, find, icon, setText } from "./dom.js";
import { bytes, clock, duration, isoDuration, lengthInWords, moment, resolution } from "./format.js";
import { text } from "./i18n.js";
import { isRaw, isRunning, startOf } from "./recording.js";
import { dayOf } from "./zone.js";

/** @typedef {import("./recording.js").Recording} Recording */
/**
 * What the list knows besides.
 * @typedef {object} Context
 * @property {"" | "asking" | "busy" | "deleting" | "deleted"} state what is done with it
 * @property {boolean} isForGood a delete can't be undone
 * @property {boolean} isPlaying
 * @property {boolean} isReadOnly
 * @property {"" | "silent" | "unknown"} doubt whether a running one really gets pictures
 * @property {string} downloadUrl
 * @property {string | null} thumbnailUrl
 */

export class RecordingRow extends HTMLElement {
  /** @type {Recording | null} */
  recording = null;
  /** @type {Context | null} */
  #context = null;

  /**
   * Shows the recording as it is now.
   *
   * @param {Recording} recording
   * @param {Context} context
   */
  show(recording, context) {
    if (!this.firstChild) this.#build(recording.name);
    this.recording = recording;
    this.#context = context;
    this.#draw(recording, context);
  }

  /** Once more, in another language or zone. */
  redraw() {
    if (this.recording && this.#context) this.#draw(this.recording, this.#context);
  }

  /** @param {string} selector */
  focusOn(selector) {
    /** @type {HTMLElement | null} */ (this.querySelector(selector))?.focus();
  }

  /** @param {string} name */
  #build(name) {
    this.className = "row";
    this.dataset.recording = name;
    this.setAttribute("role", "listitem");
    this.setAttribute("part", "row");
    this.tabIndex = -1;
    const length = element("time", { class: "length" });
    const picture = element("button", { type: "button", class: "thumbnail", part: "thumbnail" });
    picture.append(icon("play"), length);
    const download = element("a", { class: "download action", download: name }, icon("download"));
    const more = this.#button("more", "info");
    const actions = element("div", { class: "actions", part: "actions" });
    actions.append(this.#button("star", "star"), download, this.#button("delete", "delete"), more);
    const about = element("div", { class: "about" });
    about.append(
      element("time", { class: "when", part: "when" }),
      element("p", { class: "facts", part: "facts" }),
      element("p", { class: "working" }),
      actions,
      this.#question(),
      element("dl", { class: "details", part: "details", hidden: "" }),
    );
    const undo = element("button", { type: "button", class: "undo" });
    const deleted = element("p", { class: "deleted", hidden: "" }, element("span"), " ", undo);
    this.append(picture, about, deleted);
    picture.addEventListener("click", () => this.#send("play"));
    undo.addEventListener("click", () => this.#send("undo"));
    more.addEventListener("click", () => this.#toggleDetails());
  }

  /** @param {string} action @param {string} symbol */
  #button(action, symbol) {
    const button = element("button", { type: "button", class: `action ${action}` }, icon(symbol));
    if (action !== "more") button.addEventListener("click", () => this.#send(action));
    return button;
  }

  /** Whether it is really to go. */
  #question() {
    const answer = (/** @type {string} */ action) => {
      const button = element("button", { type: "button", class: `answer ${action}` });
      button.addEventListener("click", () => this.#send(action));
      return button;
    };
    const group = element("div", { class: "question", role: "group", hidden: "" }, element("span"));
    group.append(answer("remove"), answer("cancel"));
    group.addEventListener("keydown", ({ key }) => key === "Escape" && this.#send("cancel"));
    return group;
  }

  #toggleDetails() {
    const details = find(this, ".details");
    details.hidden = !details.hidden;
    this.redraw();
  }

  /** @param {string} action */
  #send(action) {
    this.dispatchEvent(new CustomEvent("row", { detail: { action, row: this }, bubbles: true }));
  }

  // What is shown

  /** @param {Recording} recording @param {Context} context */
  #draw(recording, context) {
    const { state, isPlaying } = context;
    const isBusy = state === "busy" || state === "deleting";
    const title = titleOf(recording);
    this.classList.toggle("running", isRunning(recording) && context.doubt !== "unknown");
    this.toggleAttribute("data-deleted", state === "deleted");
    set(this, "aria-busy", isBusy ? "true" : null);
    set(this, "aria-current", isPlaying ? "true" : null);
    for (const part of this.children) {
      /** @type {HTMLElement} */ (part).hidden = part.matches(".deleted") !== (state === "deleted");
    }
    this.#drawThumbnail(recording, context, title);
    const when = find(this, ".when", HTMLTimeElement);
    setText(when, clock(startOf(recording), { seconds: true }));
    when.dateTime = startOf(recording).toISOString();
    const facts = [isPlaying ? text("recordings.playing") : "", ...factsOf(recording, context)];
    setText(find(this, ".facts"), facts.filter(Boolean).join(" · "));
    setText(find(this, ".working"), state === "deleting" ? text("recordings.deleting") : "");
    this.#drawActions(recording, context, title);
    this.#drawQuestion(recording, context);
    const details = find(this, ".details");
    if (!details.hidden) fillDetails(details, recording);
    setText(find(this, ".deleted span"), text("recordings.deleted.of", { time: title }));
    setText(find(this, ".undo"), text("recordings.undo"));
  }

  /** @param {Recording} recording @param {Context} context @param {string} title */
  #drawThumbnail(recording, { thumbnailUrl: url }, title) {
    const canPlay = !isRunning(recording) && !isRaw(recording);
    const picture = find(this, ".thumbnail", HTMLButtonElement);
    const seconds = Math.round(recording.duration_s ?? 0);
    const length = seconds > 0 ? duration(seconds) : "";
    picture.disabled = !canPlay;
    picture.toggleAttribute("data-play", canPlay);
    const label = [text("recordings.play.of", { time: title }), length].filter(Boolean);
    set(picture, "aria-label", canPlay ? label.join(", ") : [title, length].join(", "));
    const time = find(picture, ".length", HTMLTimeElement);
    setText(time, length);
    time.dateTime = isoDuration(seconds);
    const shown = picture.querySelector("img");
    if (shown?.getAttribute("src") === url || (!shown && !url)) return; // it does not flicker
    shown?.remove();
    if (!url) return;
    const image = element("img", { src: url, alt: "", loading: "lazy", decoding: "async" });
    image.addEventListener("error", () => image.remove());
    picture.prepend(image);
  }

  /** @param {Recording} recording @param {Context} context @param {string} title */
  #drawActions(recording, { state, isReadOnly, downloadUrl }, title) {
    const isThere = !isRunning(recording) && (state === "" || state === "busy");
    find(this, ".actions").hidden = state === "asking" || state === "deleting";
    for (const kind of ["star", "delete"]) {
      const button = find(this, `.${kind}`);
      button.hidden = !isThere || isReadOnly;
      name(button, text(`recordings.${kind}.of`, { time: title }));
    }
    set(find(this, ".star"), "aria-pressed", String(Boolean(recording.starred)));
    const download = find(this, ".download", HTMLAnchorElement);
    download.hidden = !isThere;
    set(download, "href", downloadUrl);
    name(download, text("recordings.download.of", { time: title }));
    const more = find(this, ".more");
    name(more, text("recordings.more.of", { time: title }));
    set(more, "aria-expanded", String(!find(this, ".details").hidden));
  }

  /** @param {Recording} recording @param {Context} context */
  #drawQuestion(recording, { state, isForGood }) {
    const group = find(this, ".question");
    group.hidden = state !== "asking";
    if (group.hidden) return;
    const kind = recording.starred ? "kept" : "sure";
    const words = text(`recordings.delete.${kind}`);
    const warning = isForGood ? text("recordings.delete.for_good") : "";
    set(group, "aria-label", words);
    setText(find(group, "span"), [words, warning].filter(Boolean).join(" "));
    setText(find(group, ".remove"), text(recording.starred ? "recordings.remove.kept" : "recordings.remove"));
    setText(find(group, ".cancel"), text("recordings.cancel"));
  }
}

/** What a row is called, to tell it apart from all others: by day, too, if that is not today. @param {Recording} recording */
function titleOf(recording) {
  const start = startOf(recording);
  const isToday = dayOf(recording.started_at) === dayOf(Date.now() / 1000);
  return isToday ? clock(start, { seconds: true }) : moment(start);
}

/** @param {Recording} recording @param {Context} context */
function factsOf(recording, { doubt }) {
  const { state, missing_s: missing, clip } = recording;
  const facts = [];
  if (isRunning(recording)) facts.push(text(`recordings.running${doubt && `.${doubt}`}`));
  if (clip) facts.push(text("recordings.clip"));
  if (state === "recovered") facts.push(text("recordings.recovered"));
  if (missing && missing >= 1) facts.push(text("recordings.missing", { length: lengthInWords(missing) }));
  return facts;
}

/**
 * File, size, resolution, and where pictures are missing.
 *
 * @param {HTMLElement} list
 * @param {Recording} recording
 */
function fillDetails(list, recording) {
  const { name: file, size_bytes: size, width, height, gaps, state, started_at: start } = recording;
  const at = (/** @type {number} */ seconds) => clock(new Date((start + seconds) * 1000), { seconds: true });
  const missing = (gaps ?? []).map(({ from_s: from, to_s: to }) => `${at(from)} – ${at(to)}`);
  const facts = {
    file,
    size: bytes(size),
    resolution: width && height ? resolution(width, height) : "",
    gaps: missing.join(", "),
    state: state === "recovered" ? text("recordings.recovered.text") : "",
  };
  const told = Object.entries(facts).filter(([, value]) => value);
  const words = told.flatMap(([key, value]) => [
    element("dt", {}, text(`recordings.details.${key}`)),
    element("dd", { class: key }, value),
  ]);
  if (list.textContent !== words.map(({ textContent }) => textContent).join("")) list.replaceChildren(...words);
}

/** @param {Element} node @param {string} attribute @param {string | null} value */
function set(node, attribute, value) {
  if (node.getAttribute(attribute) === value) return;
  if (value === null) node.removeAttribute(attribute);
  else node.setAttribute(attribute, value);
}

/** @param {Element} node @param {string} words */
function name(node, words) {
  set(node, "aria-label", words);
  set(node, "title", words);
}

customElements.define("pet-stream-recording", RecordingRow);
