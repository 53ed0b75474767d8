/** What a page's recorder shows and does, without the elements: those are of `recorder.js`. */

import { clock } from "./format.js";
import { text } from "./i18n.js";
import { linkTrouble } from "./known.js";
import { endOf, interruptedWords, nameOf, newsOf, noteOf, phaseOf } from "./recorder_words.js";
import { tabMemory } from "./ways.js";

/** Good news go away by themselves. */
const MESSAGE_MS = 20_000;
/** How long a command of this page may take to show in the server's status. */
const SETTLE_MS = 3_000;
/** The time runs on between two answers, but never far from what the server last said. */
const MAX_AHEAD_MS = 1_500;
/** Somebody else was faster: the next status shows what they did. */
const RACES = ["already_recording", "not_recording"];

/**
 * @typedef {import("./recorder_words.js").Said} Said
 * @typedef {import("./known.js").Facts} Status
 */

/**
 * From `start()` to `stop()` it follows the recorder of a server. Sends `change` when something is to be
 * shown anew, `announce` with a text for a screen reader, `saved` with the name of a recording.
 */
export class RecordingControl extends EventTarget {
  /** Whether somebody is asked if a recording that this page did not start shall end. */
  isAsking = false;
  #api;
  #known;
  /** Which recording this page has begun, and which interrupted one somebody has read of. */
  #own = tabMemory("pet-stream.recorder.own");
  #read = tabMemory("pet-stream.recorder.read");
  /** @type {Status | null} As told last; null while nothing is known for sure. */
  #status = null;
  #statusAt = 0;
  /** @type {Status | null} The same, but kept while nothing is known. */
  #last = null;
  /** @type {"" | "starting" | "stopping"} */
  #pending = "";
  /** @type {(() => Said) | null} Composes what is said, in the language of then. */
  #message = null;
  #messageTimer = 0;
  #beatTimer = 0;
  #beatEveryMs = 0;
  #look = () => this.#take(this.#known.now);

  /** @param {Pick<import("./server.js").Server, "api" | "known">} server */
  constructor({ api, known }) {
    super();
    this.#api = api;
    this.#known = known;
  }

  start() {
    this.#known.addEventListener("change", this.#look);
    this.#look();
  }

  stop() {
    this.#known.removeEventListener("change", this.#look);
    clearTimeout(this.#messageTimer);
    this.#beat(0);
  }

  // What is shown

  get phase() {
    return this.#pending || (this.#status ? phaseOf(this.#status) : "unknown");
  }

  get isOn() {
    return ["waiting", "recording", "silent", "stopping"].includes(this.phase);
  }

  /** Whether a click would do nothing. */
  get isBusy() {
    return !this.#status || this.#pending !== "";
  }

  get headline() {
    const isNew = this.phase === "unknown" && !linkTrouble(this.#known.now);
    return text(isNew ? "record.asking" : `record.${this.phase}`);
  }

  get note() {
    const { phase } = this;
    if (phase !== "unknown") return noteOf(phase, this.#status);
    const { since } = this.#known.now.link;
    if (since === null) return "";
    if (!this.#last?.recording) return text("record.unknown.note");
    return text("record.unknown.was", { time: clock(new Date(since)) });
  }

  /** Of the running recording; "" without one. */
  get fileName() {
    return this.#status?.recording ? (this.#status.filename ?? "") : "";
  }

  get writtenBytes() {
    return this.#status?.bytes_written ?? 0;
  }

  /** How long the recording is, without what lies before its start. */
  get elapsedMs() {
    if (!this.#status?.recording || this.#pending === "starting") return 0;
    const { duration_ms: fileMs = 0, preroll_ms: prerollMs = 0 } = this.#status;
    const aheadMs = this.phase === "recording" ? performance.now() - this.#statusAt : 0;
    return Math.max(0, fileMs - prerollMs) + Math.min(aheadMs, MAX_AHEAD_MS);
  }

  get message() {
    return this.#message?.().words ?? "";
  }

  /** What the server's last run left in the middle, until somebody has read it. */
  get notice() {
    const interrupted = this.#status?.interrupted;
    const isRead = !interrupted || this.#read.load() === nameOf(interrupted);
    return isRead ? "" : interruptedWords(interrupted);
  }

  // What a person does

  async toggle() {
    if (this.isBusy) return;
    const { recording, recording_id: id = null } = this.#status ?? {};
    if (recording && id !== null && id !== this.#own.load()) return void this.#ask(true);
    await this.#command();
  }

  /** Ends it, whoever began it. */
  async end() {
    this.isAsking = false;
    if (!this.isBusy && this.#status?.recording) await this.#command();
  }

  keep() {
    this.#ask(false);
  }

  dismissNotice() {
    this.#read.save(nameOf(this.#status?.interrupted));
    this.#changed();
  }

  /** @param {() => Said} compose */
  say(compose) {
    clearTimeout(this.#messageTimer);
    this.#message = compose;
    const { words, isBad } = compose();
    if (!isBad) this.#messageTimer = setTimeout(() => this.#silence(), MESSAGE_MS);
    this.#announce(words);
    this.#changed();
  }

  /** A recording is whole: `status` is its last one. */
  saved(status) {
    this.say(() => endOf(status));
    this.dispatchEvent(new CustomEvent("saved", { detail: status.filename }));
  }

  async #command() {
    const { recording: isStop, recording_id: id } = this.#status ?? {};
    this.#pending = isStop ? "stopping" : "starting";
    this.isAsking = false;
    this.#silence();
    try {
      if (isStop) await this.#end(id);
      else await this.#begin();
    } catch (error) {
      const said = { words: text("record.failed", { reason: error.message }), isBad: true };
      if (!RACES.includes(error.code)) this.say(() => said);
    }
    this.#pending = "";
    this.#changed();
  }

  async #begin() {
    const { recording_id: id } = await this.#api.startRecording();
    if (id) this.#own.save(id);
    await this.#settled((status) => status.recording && (!id || status.recording_id === id));
    this.#announce(text("record.started"));
  }

  async #end(id) {
    const { stats, ...answer } = await this.#api.stopRecording(id);
    await this.#settled((status) => !status.recording || status.recording_id !== id);
    this.saved({ ...answer, ...stats });
  }

  /** Waits for a status that knows of the command: what was said last may be older. */
  #settled(isKnown) {
    return new Promise((resolve) => {
      const look = () => {
        if (!this.#status || !isKnown(this.#status)) return;
        this.#known.removeEventListener("change", look);
        clearTimeout(timer);
        resolve(undefined);
      };
      const timer = setTimeout(() => {
        this.#known.removeEventListener("change", look);
        resolve(undefined);
      }, SETTLE_MS);
      this.#known.addEventListener("change", look);
      look();
    });
  }

  #ask(isAsking) {
    this.isAsking = isAsking;
    if (isAsking) this.#announce(text("record.sure"));
    this.#changed();
  }

  // What the server says

  #take({ isCurrent, recording }) {
    const status = isCurrent ? recording : null;
    if (status === this.#status) return this.#changed(); // of the link
    this.#status = status;
    this.#statusAt = performance.now();
    if (status) {
      const before = this.#last;
      this.#last = status;
      if (!status.recording) this.isAsking = false;
      this.#beat(status.recording && status.heartbeat_s ? (status.heartbeat_s * 1000) / 3 : 0);
      if (before) this.#sayNews(before, status);
    }
    this.#changed();
  }

  /** What others did, or the server: this page's own doing says so itself. */
  #sayNews(before, status) {
    const { interrupted } = status;
    if (interrupted && nameOf(interrupted) !== nameOf(before.interrupted)) {
      const goesOn = interrupted.resumed_as !== null && interrupted.resumed_as === status.filename;
      if (goesOn && before.recording_id === this.#own.load()) this.#own.save(status.recording_id);
      this.#silence();
      this.#announce(this.notice);
    } else if (!this.#pending) {
      const news = newsOf(before, status);
      if (news) this.say(news);
    }
  }

  /** Some recordings end when no page asks for them to go on: this one does. */
  #beat(everyMs) {
    if (everyMs === this.#beatEveryMs) return;
    this.#beatEveryMs = everyMs;
    clearInterval(this.#beatTimer);
    const beat = () => this.#api.keepRecording().catch(() => {});
    if (everyMs) this.#beatTimer = setInterval(beat, everyMs);
  }

  #silence() {
    clearTimeout(this.#messageTimer);
    this.#message = null;
    this.#changed();
  }

  #announce(words) {
    this.dispatchEvent(new CustomEvent("announce", { detail: words }));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
