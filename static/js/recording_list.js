/** The rows of the list, by day: an element for each recording, which stays as long as it does. */

import { arrange, element, find, setText } from "./dom.js";
import { day as dayName } from "./format.js";
import { byDay } from "./recording.js";
import { RecordingRow } from "./recording_row.js";
import { dayStart } from "./zone.js";

/** @typedef {import("./recording.js").Recording} Recording */
/** @typedef {import("./recording_row.js").Context} Context */

export class RecordingList {
  node = element("div", { "data-recordings": "" });
  /** @type {Map<string, {row: RecordingRow, key: string}>} */
  #rows = new Map();
  /** `2026-11-30` → its part of the list. @type {Map<string, HTMLElement>} */
  #days = new Map();

  /** @param {string} name */
  row(name) {
    return this.#rows.get(name)?.row ?? null;
  }

  /** The row that follows, or the last one. @param {string} name */
  rowAfter(name) {
    const rows = [...this.#rows.values()].map(({ row }) => row);
    const index = rows.findIndex(({ recording }) => recording?.name === name);
    return rows[index + 1] ?? rows[index - 1] ?? null;
  }

  /**
   * @param {Recording[]} recordings
   * @param {(recording: Recording) => Context} contextOf
   */
  show(recordings, contextOf) {
    const [rows, days] = [this.#rows, this.#days];
    [this.#rows, this.#days] = [new Map(), new Map()];
    const sections = byDay(recordings).map(({ day, recordings: those }) => {
      const section = days.get(day) ?? daySection();
      this.#days.set(day, section);
      const shown = those.map((one) => this.#show(one, contextOf(one), rows.get(one.name)));
      arrange(find(section, ".rows"), shown);
      return section;
    });
    arrange(this.node, sections);
    this.#name();
  }

  /** Says everything again: in another language or zone, or after midnight. */
  redraw() {
    for (const { row } of this.#rows.values()) row.redraw();
    this.#name();
  }

  /**
   * @param {Recording} recording
   * @param {Context} context
   * @param {{row: RecordingRow, key: string} | undefined} before
   */
  #show(recording, context, before) {
    const row = before?.row ?? new RecordingRow();
    const key = JSON.stringify([recording, context]);
    if (before?.key !== key) row.show(recording, context);
    this.#rows.set(recording.name, { row, key });
    return row;
  }

  #name() {
    for (const [day, section] of this.#days) {
      const name = dayName(new Date((dayStart(day) + 43_200) * 1000));
      setText(find(section, ".day"), name);
      find(section, ".rows").setAttribute("aria-label", name);
    }
  }
}

function daySection() {
  const rows = element("div", { class: "rows", role: "list" });
  return element("section", {}, element("h3", { class: "day", part: "day" }), rows);
}
