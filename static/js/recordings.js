/** The list of recordings: by day, newest first, longer as somebody scrolls. */

import { arrange, element, setText } from "./dom.js";
import { bytes, day } from "./format.js";
import { text } from "./i18n.js";
import { Poll } from "./poll.js";
import { RecordingPages } from "./recording_pages.js";
import { isRaw, isRunning, recordingRow, startOf } from "./recording_view.js";

const POLL_MS = 10_000;
const POLL_WHILE_RECORDING_MS = 2_000;
/** Older ones are fetched when the list's end comes so close. */
const FETCH_AHEAD = "600px";

/** Newest first, those of one day together: `[{title, recordings}]`. Pure. */
export function byDay(recordings, now = new Date()) {
  const groups = [];
  for (const recording of [...recordings].sort((a, b) => b.started_at - a.started_at)) {
    const title = day(startOf(recording), now);
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
  #list;
  #older;
  #api;
  #pages;
  #poll;
  #nearEnd;
  #isWaitingForMore = false;
  #confirming = "";
  /** Name → what is done with it: "deleting" or "busy". */
  #busy = new Map();
  /** Name → `{key, node}`, title of a day → `{section, list}`: what has not changed stays. */
  #rows = new Map();
  #days = new Map();

  constructor(panel, api) {
    super();
    this.#panel = panel;
    this.#api = api;
    this.#pages = new RecordingPages(api);
    this.#poll = new Poll(() => this.#load(), POLL_MS);
    this.#list = panel.querySelector("[data-recordings]");
    this.#older = panel.querySelector("[data-older]");
    this.#older.addEventListener("click", ({ detail }) => this.#more(detail === 0));
  }

  start() {
    const margin = { rootMargin: FETCH_AHEAD, scrollMargin: FETCH_AHEAD };
    this.#nearEnd = new IntersectionObserver((entries) => {
      if (entries.at(-1).isIntersecting) this.#more(false);
    }, margin);
    this.#poll.start();
    setInterval(() => {
      if (this.#pages.rows.some(isRunning) && !document.hidden) this.refresh();
    }, POLL_WHILE_RECORDING_MS);
  }

  refresh() {
    return this.#poll.now();
  }

  async #load() {
    try {
      await this.#pages.load();
      this.#show();
    } catch {
      // What is known stays: the files are still there.
      if (!this.#pages.answer) this.#panel.dataset.recordingsState = "failed";
    }
  }

  /** Goes on with older ones. `isByKey`: whoever pressed a key goes on with the first of them. */
  async #more(isByKey) {
    if (this.#isWaitingForMore || !this.#pages.hasMore) return;
    const count = this.#pages.rows.length;
    this.#isWaitingForMore = true;
    this.#pages.wantMore();
    this.#showOlder();
    await this.refresh();
    this.#isWaitingForMore = false;
    this.#showOlder();
    const first = this.#rows.get(this.#pages.rows[count]?.name);
    if (isByKey) first?.node.querySelector("button, a")?.focus();
  }

  #show() {
    const { rows } = this.#pages;
    const { total, total_bytes: size, disk, repairing } = this.#pages.answer;
    this.#panel.dataset.recordingsState = total ? "ready" : "empty";
    this.#showDisk(disk);
    const summary = total ? text("recordings.count", { count: total, size: bytes(size) }) : "";
    setText(this.#panel.querySelector("[data-recordings-count]"), summary);
    this.#panel.querySelector("[data-recordings-repairing]").hidden = !repairing;
    this.#panel.querySelector("[data-recordings-raw]").hidden = !rows.some(isRaw);
    this.#fill(rows);
    this.#showOlder();
    this.#nearEnd.unobserve(this.#older);
    this.#nearEnd.observe(this.#older); // anew: is it still near?
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

  #fill(recordings) {
    const focused = document.activeElement?.dataset?.name;
    const [rows, days] = [this.#rows, this.#days];
    [this.#rows, this.#days] = [new Map(), new Map()];
    const sections = byDay(recordings).map(({ title, recordings: those }) => {
      const { section, list } = days.get(title) ?? daySection(title);
      this.#days.set(title, { section, list });
      arrange(list, those.map((recording) => this.#row(recording, rows.get(recording.name))));
      return section;
    });
    arrange(this.#list, sections);
    if (focused && document.activeElement?.dataset?.name !== focused) this.#focus(focused);
  }

  #row(recording, before) {
    const { name } = recording;
    const state = this.#busy.get(name) ?? (this.#confirming === name ? "asking" : "");
    const key = JSON.stringify([recording, state]);
    let node = before?.node;
    if (before?.key !== key) {
      const on = {
        play: () => this.#send("play", recording),
        star: () => this.#star(recording),
        ask: () => this.#ask(name),
        keep: () => this.#settle(),
        remove: () => this.#delete(name),
      };
      const downloadUrl = this.#api.recordingUrl(name, { download: true });
      const thumbnailUrl = this.#api.thumbnailUrl(recording);
      const urls = { downloadUrl, thumbnailUrl };
      node = recordingRow(recording, state, on, { ...urls, before: before?.node });
    }
    this.#rows.set(name, { key, node });
    return node;
  }

  #showOlder() {
    const isBusy = this.#isWaitingForMore;
    this.#older.hidden = !this.#pages.hasMore;
    this.#older.setAttribute("aria-busy", String(isBusy));
    setText(this.#older, text(isBusy ? "playback.loading" : "recordings.older"));
  }

  // What is done with one

  async #star({ name, starred }) {
    await this.#work(name, "busy", () => this.#api.starRecording(name, !starred));
  }

  #ask(name) {
    this.#confirming = name;
    this.#show();
    this.#focus(`keep ${name}`);
  }

  #settle() {
    const name = this.#confirming;
    this.#confirming = "";
    this.#show();
    this.#focus(`delete ${name}`);
  }

  async #delete(name) {
    const { rows } = this.#pages;
    const next = rows[rows.findIndex((row) => row.name === name) + 1]?.name;
    this.#confirming = "";
    if (await this.#work(name, "deleting", () => this.#api.deleteRecording(name))) {
      if (next && document.activeElement === document.body) this.#focus(`delete ${next}`);
      this.#send("gone", name);
      this.#send("announce", text("recordings.deleted"));
    }
  }

  /** Does `task` while the row of `name` shows what is done; says so when it fails. */
  async #work(name, state, task) {
    if (this.#busy.has(name)) return false;
    this.#busy.set(name, state);
    this.#show();
    let error = null;
    try {
      await task();
    } catch (caught) {
      error = caught;
    }
    await this.refresh();
    this.#busy.delete(name);
    this.#show();
    const message = this.#panel.querySelector("[data-recordings-message]");
    setText(message, error ? text("record.failed", { reason: error.message }) : "");
    if (error) this.#send("announce", message.textContent);
    return !error;
  }

  #focus(name) {
    this.#list.querySelector(`[data-name="${CSS.escape(name)}"]`)?.focus();
  }

  #send(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function daySection(title) {
  const list = element("ul", { class: "rows" });
  const section = element("section", {}, element("h3", { class: "day" }, title), list);
  return { section, list };
}
