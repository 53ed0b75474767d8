/**
 * `<pet-stream-recordings src="…">`: the list of recordings in any page, by day, newest first, longer as
 * somebody scrolls. What is deleted can be brought back for a while.
 *
 * Attributes, which may change at any time:
 *   src        the server's base (origin and prefix; empty: where this module came from)
 *   link       the text of a link that carries a right (docs/rights.md)
 *   playing    the name of the recording that is shown: its row is marked
 *   read-only  nothing is kept or deleted here
 * Events (bubbling): `pet-stream:play` with `detail {name, at_s, started_at, recording}` when somebody
 *   wants to see one; whoever shows it prevents the default, which opens the file. `pet-stream:gone` with
 *   `detail {name}` when one was deleted.
 * Method: `refresh()`. The state stands in `data-recordings-state`: loading, ready, empty or failed.
 */

import { element, find, setText } from "./dom.js";
import { bytes, zoneHint } from "./format.js";
import { onLanguage, text, translate } from "./i18n.js";
import { RecentlyDeleted } from "./recently_deleted.js";
import { RecordingActions } from "./recording_actions.js";
import { diskUse, isRaw } from "./recording.js";
import { RecordingFeed } from "./recording_feed.js";
import { RecordingList } from "./recording_list.js";
import { listParts } from "./recordings_parts.js";
import { serverAt } from "./server.js";
import { onZone, setZone } from "./zone.js";

/** @typedef {import("./recording.js").Recording} Recording */
/** @typedef {import("./recording_row.js").Context} Context */

const STYLE = new URL("../css/recordings.css", import.meta.url).href;
/** Older ones are fetched when the list's end comes so close. */
const FETCH_AHEAD = "600px";

export class PetStreamRecordings extends HTMLElement {
  static observedAttributes = ["src", "link", "playing", "read-only"];

  #list = new RecordingList();
  #actions = new RecordingActions(() => this.#server.api, () => this.refresh(), this.#list);
  #bin = new RecentlyDeleted(() => this.#server.api);
  #parts = listParts(this.#list.node, this.#bin.node);
  #server = serverAt();
  #life = new AbortController();
  /** @type {RecordingFeed | null} */
  #feed = null;
  #isInside = false;
  #isWaitingForMore = false;
  /** @type {IntersectionObserver | null} */
  #nearEnd = null;

  connectedCallback() {
    if (this.#isInside) return; // moved to another place in the page
    this.#isInside = true;
    if (!this.shadowRoot) this.#build();
    this.#begin();
  }

  disconnectedCallback() {
    queueMicrotask(() => this.#isInside && !this.isConnected && this.#end());
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (!this.#isInside) return;
    if (name === "playing" || name === "read-only") {
      this.#show();
    } else {
      this.#end();
      this.#begin();
    }
  }

  /** Asks the server now; settles when what it says is shown. */
  async refresh() {
    await this.#feed?.refresh();
  }

  // Its life in the page

  #build() {
    const style = element("link", { rel: "stylesheet", href: STYLE });
    const { body, news, message, older } = this.#parts;
    style.onload = style.onerror = () => body.removeAttribute("hidden");
    this.attachShadow({ mode: "open" }).append(style, body);
    this.#list.node.addEventListener("row", (event) => {
      const { action, row } = detailOf(event);
      if (action === "play") this.#play(row.recording);
      else this.#actions.do(action, row.recording);
    });
    this.#actions.addEventListener("change", () => this.#show());
    this.#actions.addEventListener("gone", (event) => this.#send("gone", { name: detailOf(event) }));
    this.#actions.addEventListener("failed", (event) => setText(message, detailOf(event)));
    for (const part of [this.#actions, this.#bin]) {
      part.addEventListener("said", (event) => setText(news, detailOf(event)));
    }
    this.#bin.addEventListener("change", () => this.refresh());
    older.addEventListener("click", ({ detail }) => this.#more(detail === 0));
  }

  #begin() {
    this.#server = serverAt(this.getAttribute("src") ?? "", this.getAttribute("link"));
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.#feed = new RecordingFeed(this.#server, signal);
    this.#feed.addEventListener("change", () => this.#took());
    onLanguage(() => this.#sayAgain(), { signal });
    onZone(() => this.#sayAgain(), { signal });
    const margin = { rootMargin: FETCH_AHEAD, scrollMargin: FETCH_AHEAD };
    this.#nearEnd = new IntersectionObserver((entries) => {
      if (entries[entries.length - 1].isIntersecting) this.#more(false);
    }, margin);
    signal.addEventListener("abort", () => this.#nearEnd?.disconnect());
    this.dataset.recordingsState = "loading";
    translate(this.#parts.body);
    this.refresh();
  }

  #end() {
    this.#isInside = this.isConnected;
    this.#life.abort();
  }

  // What the server says

  #took() {
    const { answer, isFailed } = this.#feed ?? {};
    if (isFailed) this.dataset.recordingsState = "failed";
    if (!answer) return;
    setZone(answer.time_zone);
    this.#actions.binHours = answer.bin?.hours ?? 0;
    this.#bin.told(this.hasAttribute("read-only") ? 0 : (answer.bin?.count ?? 0));
    this.#show();
    this.#nearEnd?.unobserve(this.#parts.older);
    this.#nearEnd?.observe(this.#parts.older); // anew: is it still near?
  }

  /** Goes on with older ones. `isByKey`: whoever pressed a key goes on with the first of them. */
  async #more(isByKey) {
    const feed = this.#feed;
    if (this.#isWaitingForMore || !feed?.hasMore) return;
    const count = feed.rows.length;
    this.#isWaitingForMore = true;
    this.#showOlder();
    await feed.more();
    this.#isWaitingForMore = false;
    this.#showOlder();
    const first = feed.rows[count]?.name;
    if (isByKey && first) this.#list.row(first)?.focusOn("button:not(:disabled), a");
  }

  /** @param {Recording} recording */
  #play(recording) {
    const { name, started_at } = recording;
    const isTaken = !this.#send("play", { name, at_s: 0, started_at, recording });
    if (!isTaken) open(this.#server.api.recordingUrl(name), "_blank", "noopener");
  }

  // What is shown

  #show() {
    const { answer, rows = [] } = this.#feed ?? {};
    if (!answer) return;
    const { total, total_bytes: size, disk, repairing } = answer;
    const listed = new Set(rows.map(({ name }) => name));
    const gone = this.#actions.gone.filter(({ name }) => !listed.has(name));
    this.dataset.recordingsState = total || gone.length ? "ready" : "empty";
    this.#showDisk(disk);
    const summary = total ? text("recordings.count", { count: total, size: bytes(size) }) : "";
    setText(this.#parts.count, summary);
    setText(this.#parts.hint, zoneHint());
    this.#parts.repairing.hidden = !repairing;
    this.#parts.raw.hidden = !rows.some(isRaw);
    this.#list.show([...rows, ...gone], (one) => this.#contextOf(one));
    this.#showOlder();
  }

  /** In another language or zone. */
  #sayAgain() {
    translate(this.#parts.body);
    this.#show();
    this.#list.redraw();
    this.#bin.draw();
  }

  /**
   * @param {Recording} recording
   * @returns {Context}
   */
  #contextOf(recording) {
    const { name } = recording;
    const { api } = this.#server;
    return {
      ...this.#actions.of(name),
      isPlaying: this.getAttribute("playing") === name,
      isReadOnly: this.hasAttribute("read-only"),
      doubt: this.#feed?.doubtOf(recording) ?? "",
      downloadUrl: api.recordingUrl(name, { download: true }),
      thumbnailUrl: api.thumbnailUrl(recording),
    };
  }

  /** @param {{free_bytes: number, size_bytes: number} | null} disk */
  #showDisk(disk) {
    const use = diskUse(disk);
    const { disk: place } = this.#parts;
    place.hidden = !use;
    if (!use || !disk) return;
    place.dataset.disk = use.level;
    find(place, "meter", HTMLMeterElement).value = use.used;
    setText(find(place, "span"), text("recordings.disk", { size: bytes(disk.free_bytes) }));
  }

  #showOlder() {
    const { older } = this.#parts;
    older.hidden = !this.#feed?.hasMore;
    older.setAttribute("aria-busy", String(this.#isWaitingForMore));
    setText(older, text(this.#isWaitingForMore ? "playback.loading" : "recordings.older"));
  }

  /**
   * @param {string} type
   * @param {object} detail
   */
  #send(type, detail) {
    const options = { detail, bubbles: true, composed: true, cancelable: true };
    return this.dispatchEvent(new CustomEvent(`pet-stream:${type}`, options));
  }
}

/** @param {Event} event */
function detailOf(event) {
  return /** @type {CustomEvent} */ (event).detail;
}

customElements.define("pet-stream-recordings", PetStreamRecordings);
