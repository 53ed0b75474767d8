/** The list of recordings: by day, newest first, each with its picture and what can be done. */

import { element, icon, setText } from "./dom.js";
import { bytes, clock, day, duration, isoDuration, resolution } from "./format.js";
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

/** How full the disk is, for the bar: `{used, level}`, or null. `used` from 0 to 1. Pure. */
export function diskUse(disk) {
  if (!(disk?.size_bytes > 0)) return null;
  const used = Math.min(1, Math.max(0, 1 - disk.free_bytes / disk.size_bytes));
  return { used, level: used > 0.95 ? "bad" : used > 0.85 ? "warn" : "ok" };
}

/**
 * Fills `[data-recordings]` inside `panel` and keeps it up to date. Sends `play` with a recording
 * that somebody wants to see, `gone` with the name of one that was deleted, and `announce`.
 */
export class RecordingsPanel extends EventTarget {
  #panel;
  #api;
  #poll;
  #answer = null;
  #limit = PAGE;
  #shown = "";
  #confirming = "";
  #busy = new Set();

  constructor(panel, api) {
    super();
    this.#panel = panel;
    this.#api = api;
    this.#poll = new Poll(() => this.#load(), POLL_MS);
  }

  start() {
    this.#poll.start();
    setInterval(() => {
      const isRecording = this.#answer?.recordings.some(isRunning);
      if (isRecording && !document.hidden) this.refresh();
    }, POLL_WHILE_RECORDING_MS);
  }

  refresh() {
    return this.#poll.now();
  }

  async #load() {
    try {
      this.#answer = await this.#api.recordings(this.#limit);
      this.#show("ready");
    } catch {
      // What is known stays: the files are still there.
      if (!this.#answer) this.#show("failed");
    }
  }

  #show(state) {
    const { recordings = [], total = 0, total_bytes: size = 0, disk } = this.#answer ?? {};
    this.#panel.dataset.recordingsState = total || state === "failed" ? state : "empty";
    this.#showDisk(disk);
    const busy = [...this.#busy];
    const today = new Date().toDateString();
    const shown = JSON.stringify([recordings, total, size, this.#confirming, busy, today]);
    if (shown === this.#shown) return; // focus and selection stay where they are
    this.#shown = shown;
    const summary = total ? text("recordings.count", { count: total, size: bytes(size) }) : "";
    setText(this.#panel.querySelector("[data-recordings-count]"), summary);
    this.#panel.querySelector("[data-recordings-raw]").hidden = !recordings.some(isRaw);
    this.#fill(recordings, total);
  }

  #showDisk(disk) {
    const use = diskUse(disk);
    const place = this.#panel.querySelector("[data-disk]");
    place.hidden = !use;
    if (!use) return;
    place.dataset.disk = use.level;
    place.querySelector("meter").value = use.used;
    const free = text("recordings.disk", { size: bytes(disk.free_bytes) });
    setText(place.querySelector("[data-disk-free]"), free);
  }

  #fill(recordings, total) {
    const list = this.#panel.querySelector("[data-recordings]");
    const focused = list.getRootNode().activeElement?.dataset.name;
    const groups = byDay(recordings).map(({ title, recordings: those }) => {
      const rows = those.map((recording) => this.#row(recording));
      const heading = element("h3", { class: "day" }, title);
      return element("section", {}, heading, element("ul", { class: "rows" }, ...rows));
    });
    list.replaceChildren(...groups);
    if (total > recordings.length) list.append(this.#olderButton(total - recordings.length));
    if (focused) list.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
  }

  #olderButton(count) {
    const label = text("recordings.older", { count: Math.min(PAGE, count) });
    const button = element("button", { type: "button", class: "older" }, label);
    button.addEventListener("click", () => {
      this.#limit += PAGE;
      button.setAttribute("aria-busy", "true");
      this.refresh();
    });
    return button;
  }

  #row(recording) {
    const { name } = recording;
    const start = startOf(recording);
    const title = start ? clock(start, { seconds: true }) : name;
    const when = element("time", { class: "when", datetime: start?.toISOString() ?? null }, title);
    const about = element("div", { class: "about" }, when, factLine(factsOf(recording)));
    about.append(element("span", { class: "file", title: name }, name));
    const running = isRunning(recording);
    const row = element("li", {
      class: running ? "row running" : "row",
      "data-recording": name,
      "aria-busy": this.#busy.has(name) ? "true" : null,
    });
    row.append(this.#thumbnail(recording, title), about);
    if (running) return row;
    if (this.#confirming === name) about.append(this.#question(name));
    else about.append(this.#actions(recording, title));
    return row;
  }

  #thumbnail(recording, title) {
    const { thumbnail, duration_s: seconds } = recording;
    const canPlay = !isRunning(recording) && !isRaw(recording);
    const length = seconds > 0 ? duration(Math.round(seconds)) : "";
    const label = [text("recordings.play.of", { time: title }), length].filter(Boolean).join(", ");
    const picture = element(canPlay ? "button" : "div", {
      class: "thumbnail",
      type: canPlay ? "button" : null,
      "data-play": canPlay ? recording.name : null,
      "data-name": canPlay ? `play ${recording.name}` : null,
      "aria-label": canPlay ? label : null,
    });
    if (thumbnail) {
      const image = element("img", { src: thumbnail, alt: "", loading: "lazy", decoding: "async" });
      image.addEventListener("error", () => image.remove());
      picture.append(image);
    }
    picture.append(icon(canPlay ? "play" : "clip"));
    if (length) {
      const attributes = { class: "length", datetime: isoDuration(Math.round(seconds)) };
      picture.append(element("time", attributes, length));
    }
    if (canPlay) picture.addEventListener("click", () => this.#send("play", recording));
    return picture;
  }

  #actions(recording, title) {
    const { name, starred } = recording;
    const star = this.#button("star", name, text("recordings.star"), () => this.#star(recording));
    star.setAttribute("aria-pressed", String(Boolean(starred)));
    const remove = this.#button("delete", name, text("recordings.delete.of", { time: title }), () =>
      this.#ask(name),
    );
    const download = {
      class: "download action",
      href: this.#api.recordingUrl(name, { download: true }),
      download: name,
      title: text("recordings.download"),
      "aria-label": text("recordings.download.of", { time: title }),
      "data-name": name,
    };
    const link = element("a", download, icon("download"));
    return element("div", { class: "actions" }, star, link, remove);
  }

  #button(kind, name, label, onClick) {
    const button = element("button", {
      type: "button",
      class: `action ${kind}`,
      title: label,
      "aria-label": label,
      "data-name": `${kind} ${name}`,
    });
    button.append(icon(kind));
    button.addEventListener("click", onClick);
    return button;
  }

  // What is done with one

  async #star({ name, starred }) {
    await this.#work(name, () => this.#api.starRecording(name, !starred));
  }

  #ask(name) {
    this.#confirming = name;
    this.#show("ready");
    this.#panel.querySelector(`[data-name="${CSS.escape(`keep ${name}`)}"]`)?.focus();
  }

  #question(name) {
    const answer = (kind, onClick) => {
      const label = text(`recordings.${kind}`);
      const attributes = { type: "button", class: `answer ${kind}`, "data-name": `${kind} ${name}` };
      const button = element("button", attributes, label);
      button.addEventListener("click", onClick);
      return button;
    };
    const question = element("span", {}, text("recordings.delete.sure"));
    const keep = answer("keep", () => this.#settle());
    const remove = answer("remove", () => this.#delete(name));
    const group = element("div", { class: "question", role: "group" }, question, remove, keep);
    group.addEventListener("keydown", ({ key }) => key === "Escape" && this.#settle());
    return group;
  }

  #settle() {
    const name = this.#confirming;
    this.#confirming = "";
    this.#show("ready");
    this.#panel.querySelector(`[data-name="${CSS.escape(`delete ${name}`)}"]`)?.focus();
  }

  async #delete(name) {
    this.#confirming = "";
    if (await this.#work(name, () => this.#api.deleteRecording(name))) {
      this.#send("gone", name);
      this.#send("announce", text("recordings.deleted"));
    }
  }

  /** Does `task` while the row of `name` shows that it is busy; says so when it fails. */
  async #work(name, task) {
    if (this.#busy.has(name)) return false;
    this.#busy.add(name);
    this.#show("ready");
    let error = null;
    try {
      await task();
    } catch (caught) {
      error = caught;
    }
    this.#busy.delete(name);
    await this.refresh();
    this.#show("ready");
    const message = this.#panel.querySelector("[data-recordings-message]");
    setText(message, error ? text("record.failed", { reason: error.message }) : "");
    if (error) this.#send("announce", message.textContent);
    return !error;
  }

  #send(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function factsOf(recording) {
  const { size_bytes: size, state, width, height } = recording;
  const facts = [bytes(size)];
  if (width && height) facts.push(resolution(width, height));
  if (isRunning(recording)) facts.unshift(text("recordings.running"));
  else if (state === "recovered") facts.unshift(text("recordings.recovered"));
  return facts;
}

function isRunning({ state }) {
  return state === "recording";
}

function isRaw({ format, name }) {
  return format === "h264" || name.endsWith(".h264");
}

function factLine(facts) {
  return element("span", { class: "facts" }, facts.join(" · "));
}
