/** The record button: one toggle that always shows what the server's recorder does. */

import { setText } from "./dom.js";
import { bytes, duration, isoDuration } from "./format.js";
import { reasonText, text } from "./i18n.js";

const TICK_MS = 200;
const MESSAGE_MS = 20_000;
/** So long a command of this page may take to show in the server's status. */
const SETTLE_MS = 3_000;
/** The time runs on between two answers, but never far from what the server last said. */
const MAX_AHEAD_MS = 1500;

/** What the button shows for a status answer: `idle`, `waiting` or `recording`. Pure. */
export function phaseOf({ recording, waiting, frame_count: frames = 0 }) {
  if (!recording) return "idle";
  return (waiting ?? frames === 0) ? "waiting" : "recording";
}

/**
 * Wires the panel `[data-record-panel]`. Sends `change` when a recording begins, grows or ends (the
 * list of recordings is then out of date) and `announce` with a text for the live region.
 */
export class RecorderPanel extends EventTarget {
  #api;
  #known;
  #panel;
  #button;
  #status = null;
  #statusAt = 0;
  #isGrowing = false;
  #pending = "";
  #messageTimer = 0;
  #beatTimer = 0;
  #beatEveryMs = 0;

  constructor(panel, { api, known }) {
    super();
    this.#panel = panel;
    this.#api = api;
    this.#known = known;
    this.#button = panel.querySelector("[data-record]");
  }

  start() {
    this.#button.addEventListener("click", () => this.#toggle());
    setInterval(() => this.#showTime(), TICK_MS);
    this.#known.addEventListener("change", () => this.#look());
    this.#look();
  }

  // What the server says

  #look() {
    const { isCurrent, recording } = this.#known.now;
    const status = isCurrent ? recording : null;
    if (status && status !== this.#status) this.#take(status);
    else if (!status && this.#status) {
      this.#status = null;
      this.#show();
    }
  }

  #take(status) {
    const before = this.#status;
    this.#isGrowing = status.recording && before?.frame_count < status.frame_count;
    this.#status = status;
    this.#statusAt = performance.now();
    this.#beat();
    this.#show();
    if (!before || before.recording === status.recording) return;
    this.dispatchEvent(new Event("change"));
    if (this.#pending) return; // this page's own doing says so itself
    if (status.recording) this.say(text("record.elsewhere"));
    else this.#sayEnd(status);
  }

  /** Some recordings end when no page asks for them to go on: this one does. */
  #beat() {
    const { recording, heartbeat_s: limitS } = this.#status;
    const everyMs = recording && limitS ? (limitS * 1000) / 3 : 0;
    if (everyMs === this.#beatEveryMs) return;
    this.#beatEveryMs = everyMs;
    clearInterval(this.#beatTimer);
    const beat = () => this.#api.keepRecording().catch(() => {});
    if (everyMs) this.#beatTimer = setInterval(beat, everyMs);
  }

  // What the person wants

  async #toggle() {
    if (this.#pending || !this.#status) return;
    const isStop = this.#status.recording;
    this.#pending = isStop ? "stopping" : "starting";
    this.say("");
    this.#show();
    try {
      const answer = await (isStop ? this.#api.stopRecording() : this.#api.startRecording());
      await this.#settle(!isStop);
      if (isStop) this.#sayEnd({ ...answer, ...answer.stats });
      else this.#announce(text("record.started"));
    } catch (error) {
      // Somebody else was faster: the next status shows what they did.
      const isRace = error.code === "already_recording" || error.code === "not_recording";
      const message = text("record.failed", { reason: error.message });
      if (!isRace) this.say(message, { isError: true });
    }
    this.#pending = "";
    this.#show();
    this.dispatchEvent(new Event("change"));
  }

  /** Waits for a status that knows of the command: what was said last may be older. */
  #settle(isRecording) {
    return new Promise((resolve) => {
      const settled = () => {
        if (this.#status?.recording !== isRecording) return;
        this.#known.removeEventListener("change", settled);
        resolve();
      };
      this.#known.addEventListener("change", settled);
      setTimeout(resolve, SETTLE_MS);
      settled();
    });
  }

  // What is shown

  #show() {
    const phase = this.#pending || (this.#status ? phaseOf(this.#status) : "unknown");
    const isOn = ["recording", "waiting", "stopping"].includes(phase);
    this.#panel.dataset.recordPanel = phase;
    this.#button.setAttribute("aria-pressed", String(isOn));
    this.#button.setAttribute("aria-disabled", String(!this.#status || Boolean(this.#pending)));
    this.#set("state", text(`record.${phase}`));
    const { filename, note, note_code: noteCode } = this.#status ?? {};
    const { preroll_reason: early, preroll_code: earlyCode } = this.#status ?? {};
    const name = early ? `${filename} · ${reasonText(earlyCode, early)}` : filename;
    const doing = note ? reasonText(noteCode, note) : name;
    const notes = { recording: doing, stopping: filename, starting: "" };
    this.#set("file", notes[phase] ?? text(`record.${phase}.note`));
    this.#set("size", phase === "recording" ? bytes(this.#status.bytes_written) : "");
    this.#showTime();
  }

  #showTime() {
    const time = this.#panel.querySelector("[data-record-time]");
    const isRunning = this.#status?.recording && this.#pending !== "starting";
    const ahead = this.#isGrowing ? performance.now() - this.#statusAt : 0;
    const { duration_ms: fileMs = 0, preroll_ms: prerollMs = 0 } = this.#status ?? {};
    const ms = isRunning ? Math.max(0, fileMs - prerollMs) + Math.min(ahead, MAX_AHEAD_MS) : 0;
    setText(time, duration(ms / 1000));
    if (time.dateTime !== isoDuration(ms / 1000)) time.dateTime = isoDuration(ms / 1000);
  }

  #set(name, value) {
    setText(this.#panel.querySelector(`[data-record-${name}]`), value);
  }

  #sayEnd({ stop_reason: why, stop_code: code, failed, filename, duration_ms: ms, bytes_written: size }) {
    if (why) {
      const reason = reasonText(code, why);
      return this.say(text("record.ended", { reason }), { isError: failed ?? true });
    }
    const values = { name: filename, duration: duration(ms / 1000), size: bytes(size) };
    return this.say(text("record.saved", values));
  }

  /** Shows a message below the button, and speaks it; old news goes away by itself. */
  say(message, { isError = false } = {}) {
    clearTimeout(this.#messageTimer);
    this.#set("message", message);
    if (message) this.#announce(message);
    if (!isError) this.#messageTimer = setTimeout(() => this.#set("message", ""), MESSAGE_MS);
  }

  #announce(message) {
    this.dispatchEvent(new CustomEvent("announce", { detail: message }));
  }
}
