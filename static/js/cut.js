/** The scissors: two handles on the bar of a recording, and what becomes of the part between them. */

import { clamp } from "./bar.js";
import { element } from "./dom.js";
import { bytes, duration, number } from "./format.js";
import { onLanguage, said, sayLabel, text } from "./i18n.js";
import { worded } from "./playback_controls.js";

/** What is proposed: so much around the picture that is shown. */
const AROUND_S = 5;
const LEAST_S = 0.2;
/** A handle that moves is asked about when it rests. */
const REST_MS = 150;

/** @typedef {import("./bar.js").Stretch} Stretch */

/**
 * `part` with one of its ends at `time_s`, as far as the other end and the recording allow. Pure.
 *
 * @param {Stretch} part
 * @param {"from" | "to"} which
 * @returns {Stretch}
 */
export function moved(part, which, time_s, length_s) {
  if (which === "from") return { ...part, from: clamp(time_s, 0, part.to - LEAST_S) };
  return { ...part, to: clamp(time_s, part.from + LEAST_S, length_s) };
}

/** `0:11.6`: a part is told more exactly than a recording. */
export function exact(time_s) {
  const tenths = Math.round(time_s * 10);
  return `${duration(Math.floor(tenths / 10))}${number((tenths % 10) / 10, 1).slice(1)}`;
}

/** Sends `saved` with `{name}`, and `close`. */
export class Cut extends EventTarget {
  isOpen = false;
  node = element("div", { class: "cut", role: "group", hidden: "" });
  #bar;
  #player;
  #api;
  #announce;
  #info = element("p", { class: "info" });
  #news = element("div", { class: "news", hidden: "" });
  #share;
  /** @type {import("./playback.js").Recording | null} */
  #recording = null;
  /** @type {Stretch} What is wanted, and then what it really is. */
  #part = { from: 0, to: 0 };
  #size_bytes = 0;
  #isKnown = false;
  #timer = 0;
  #asked = 0;
  #isBusy = false;
  /** @type {File | null} One that was fetched, and waits for a click to be shared. */
  #file = null;

  /**
   * @param {import("./playback_bar.js").PlaybackBar} bar
   * @param {import("./recording_player.js").RecordingPlayer} player
   * @param {import("./api.js").Api} api
   * @param {(words: string) => void} announce
   */
  constructor(bar, player, api, announce) {
    super();
    this.#bar = bar;
    this.#player = player;
    this.#api = api;
    this.#announce = announce;
    sayLabel(this.node, "cut.label");
    this.#share = worded("cut.share", "share", () => this.#do(() => this.#shareIt()));
    const tools = element(
      "div",
      { class: "tools" },
      worded("cut.save", "clip", () => this.#do(() => this.#save())),
      worded("cut.download", "download", () => this.#download()),
      this.#share,
      worded("cut.close", "close", () => this.close()),
    );
    this.node.append(this.#info, said("p", "cut.note", { class: "note" }), tools, this.#news);
    bar.addEventListener("cut", (event) => {
      const { detail } = /** @type {CustomEvent} */ (event);
      this.set(detail.which, detail.time_s);
      player.pause();
      player.seek(this.#part[detail.which]);
    });
    onLanguage(() => this.#show());
  }

  /** @param {import("./playback.js").Recording} recording */
  open(recording) {
    this.isOpen = true;
    this.node.hidden = false;
    this.#recording = recording;
    const { time, duration: length_s } = this.#player;
    this.#part = {
      from: clamp(time - AROUND_S, 0, length_s),
      to: clamp(time + AROUND_S, LEAST_S, length_s),
    };
    this.#tell(null);
    this.#changed();
    this.#bar.focusHandle("from");
  }

  close() {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.node.hidden = true;
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#bar.showPart(null);
    this.dispatchEvent(new Event("close"));
  }

  /** @param {"from" | "to"} which */
  set(which, time_s) {
    this.#part = moved(this.#part, which, time_s, this.#player.duration);
    this.#changed();
  }

  /** What is played of it ends with it. */
  follow(time_s) {
    if (!this.isOpen || !this.#player.isPlaying) return;
    const { to } = this.#part;
    if (time_s >= to && time_s < to + 1) this.#player.pause();
  }

  // What it really is

  #changed() {
    this.#isKnown = false;
    this.#file = null;
    this.#show();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), REST_MS);
  }

  /** Both ends go to where the recording can be cut. */
  async #ask() {
    const asked = (this.#asked += 1);
    const { from, to } = this.#part;
    try {
      const part = await this.#api.partOfRecording(this.#source, from, to);
      if (asked !== this.#asked) return;
      this.#part = { from: part.from_s, to: part.to_s };
      this.#size_bytes = part.size_bytes;
      this.#isKnown = true;
      this.#show();
      this.#announce(text("cut.is", this.#words));
    } catch (error) {
      if (asked === this.#asked) this.#tell(element("p", {}, error.message));
    }
  }

  get #words() {
    const { from, to } = this.#part;
    const length = `${number(to - from, 1)}\u00a0s`;
    return { from: exact(from), to: exact(to), length, size: bytes(this.#size_bytes) };
  }

  #show() {
    if (!this.isOpen) return;
    this.#bar.showPart(this.#part);
    this.#info.textContent = text(this.#isKnown ? "cut.info" : "cut.looking", this.#words);
    this.node.setAttribute("aria-busy", String(this.#isBusy));
  }

  // What becomes of it

  get #source() {
    return this.#recording?.name ?? "";
  }

  get #name() {
    const stem = this.#source.replace(/\.\w+$/, "");
    return `${stem}_${Math.round(this.#part.from)}-${Math.round(this.#part.to)}.mp4`;
  }

  get #url() {
    const { from, to } = this.#part;
    return this.#api.recordingUrl(this.#source, { download: true, from, to });
  }

  /** One after the other, and not before it is known what it is. */
  async #do(task) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#show();
    try {
      if (!this.#isKnown) await this.#ask();
      await task();
    } catch (error) {
      this.#tell(element("p", {}, text("cut.failed", { reason: error.message })));
    }
    this.#isBusy = false;
    this.#show();
  }

  async #save() {
    const { from, to } = this.#part;
    const { recording } = await this.#api.savePart(this.#source, from, to);
    this.#tell(said("p", "cut.saved", {}, { name: recording.name }));
    this.dispatchEvent(new CustomEvent("saved", { detail: { name: recording.name } }));
  }

  #download() {
    element("a", { href: this.#url, download: this.#name }).click();
  }

  async #shareIt() {
    const { shareFile, shareLink, canShareFiles, MAX_SHARED_BYTES } = await import("./share.js");
    if (!canShareFiles() || this.#size_bytes > MAX_SHARED_BYTES) {
      const link = await shareLink(this.#api, this.#source, this.#part);
      if (link) this.#tell(linkShown(link));
      return;
    }
    this.#tell(said("p", "cut.fetching"));
    const { file, isShared } = await shareFile(this.#file ?? this.#url, this.#name);
    this.#file = isShared ? null : file;
    this.#tell(isShared ? null : said("p", "cut.shareNow"));
  }

  #tell(node) {
    this.#news.hidden = !node;
    this.#news.replaceChildren(...(node ? [node] : []));
    if (node) this.#announce(node.textContent ?? "");
  }
}

/** @param {{ url: string, isCopied: boolean, hours: number }} link */
function linkShown({ url, isCopied, hours }) {
  const key = isCopied ? "cut.copied" : hours ? "cut.link" : "cut.inHouse";
  const field = element("input", { readonly: "", value: url });
  sayLabel(field, "cut.address");
  field.addEventListener("focus", () => field.select());
  return element("div", { class: "link" }, said("p", key, {}, { hours: Math.round(hours) }), field);
}
