/** The list of recordings: by day, newest first, each with its download. */

import { element, icon, setText } from "./dom.js";
import { bytes, clock, day, duration, isoDuration } from "./format.js";
import { text } from "./i18n.js";
import { Poll } from "./poll.js";

const POLL_MS = 10_000;
const POLL_WHILE_RECORDING_MS = 2_000;
const PAGE = 20;

/** `started_at` as the server gives it (epoch seconds or RFC 3339) as a Date, or null. */
export function startOf({ started_at: startedAt }) {
  const date = new Date(typeof startedAt === "number" ? startedAt * 1000 : (startedAt ?? NaN));
  return Number.isNaN(date.getTime()) ? null : date;
}

/** Newest first, those of one day together: `[{title, recordings}]`. Pure. */
export function byDay(recordings, now = new Date()) {
  const time = (recording) => startOf(recording)?.getTime() ?? 0;
  const groups = [];
  for (const recording of [...recordings].sort((a, b) => time(b) - time(a))) {
    const start = startOf(recording);
    const title = start ? day(start, now) : "–";
    if (groups.at(-1)?.title !== title) groups.push({ title, recordings: [] });
    groups.at(-1).recordings.push(recording);
  }
  return groups;
}

/** Fills `[data-recordings]` inside `panel` and keeps it up to date. */
export class RecordingsPanel {
  #panel;
  #api;
  #poll;
  #recordings = null;
  #limit = PAGE;
  #shown = "";

  constructor(panel, api) {
    this.#panel = panel;
    this.#api = api;
    this.#poll = new Poll(() => this.#load(), POLL_MS);
  }

  start() {
    this.#poll.start();
    setInterval(() => {
      const isRecording = this.#recordings?.some(isRunning);
      if (isRecording && !document.hidden) this.refresh();
    }, POLL_WHILE_RECORDING_MS);
  }

  refresh() {
    return this.#poll.now();
  }

  async #load() {
    try {
      this.#recordings = await this.#api.recordings();
      this.#show("ready");
    } catch {
      // What is known stays: the files are still there.
      if (!this.#recordings) this.#show("failed");
    }
  }

  #show(state) {
    const recordings = this.#recordings ?? [];
    this.#panel.dataset.recordingsState = recordings.length || state === "failed" ? state : "empty";
    const shown = JSON.stringify([recordings, this.#limit, new Date().toDateString()]);
    if (shown === this.#shown) return; // focus and selection stay where they are
    this.#shown = shown;
    const size = bytes(recordings.reduce((sum, { size_bytes: size = 0 }) => sum + size, 0));
    const count = recordings.length;
    const summary = count ? text("recordings.count", { count, size }) : "";
    setText(this.#panel.querySelector("[data-recordings-count]"), summary);
    this.#panel.querySelector("[data-recordings-raw]").hidden = !recordings.some(isRaw);
    this.#fill(recordings);
  }

  #fill(recordings) {
    const list = this.#panel.querySelector("[data-recordings]");
    const focused = list.getRootNode().activeElement?.dataset.name;
    const groups = [];
    let left = this.#limit;
    for (const { title, recordings: those } of byDay(recordings)) {
      if (left <= 0) break;
      const rows = those.slice(0, left).map((recording) => this.#row(recording));
      left -= rows.length;
      const heading = element("h3", { class: "day" }, title);
      groups.push(element("section", {}, heading, element("ul", { class: "rows" }, ...rows)));
    }
    list.replaceChildren(...groups);
    if (recordings.length > this.#limit) list.append(this.#olderButton(recordings.length));
    if (focused) list.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
  }

  #olderButton(count) {
    const next = Math.min(PAGE, count - this.#limit);
    const label = text("recordings.older", { count: next });
    const button = element("button", { type: "button", class: "older" }, label);
    button.addEventListener("click", () => {
      this.#limit += PAGE;
      this.#show("ready");
    });
    return button;
  }

  #row(recording) {
    const { name, size_bytes: size, duration_s: seconds, state } = recording;
    const start = startOf(recording);
    const title = start ? clock(start, { seconds: true }) : name;
    const facts = [];
    if (seconds > 0) {
      facts.push(element("time", { datetime: isoDuration(seconds) }, duration(seconds)));
    }
    facts.push(bytes(size));
    const running = isRunning(recording);
    if (running) facts.unshift(text("recordings.running"));
    else if (state && state !== "complete") facts.unshift(text("recordings.unfinished"));
    const when = element("time", { class: "when", datetime: start?.toISOString() ?? null }, title);
    const about = element("div", { class: "about" }, when, factLine(facts));
    about.append(element("span", { class: "file", title: name }, name));
    const row = element("li", { class: running ? "row running" : "row", "data-recording": name });
    row.append(about);
    if (!running) row.append(this.#download(name, title));
    return row;
  }

  #download(name, title) {
    const attributes = {
      class: "download",
      href: this.#api.recordingUrl(name, { download: true }),
      download: name,
      title: text("recordings.download"),
      "aria-label": text("recordings.download.of", { time: title }),
      "data-name": name,
    };
    return element("a", attributes, icon("download"));
  }
}

function isRunning({ state }) {
  return state === "recording";
}

function isRaw({ format, name }) {
  return format === "h264" || name.endsWith(".h264");
}

function factLine(facts) {
  const parts = facts.flatMap((fact, i) => (i ? [" · ", fact] : [fact]));
  return element("span", { class: "facts" }, ...parts);
}
