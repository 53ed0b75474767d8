/** The server's last warnings, for whoever may operate it: a list behind a disclosure. */

import { arrange, element, setText } from "./dom.js";
import { clock, day } from "./format.js";
import { addWords, text } from "./i18n.js";
import { Poll } from "./poll.js";

const POLL_MS = 15_000;

/** "Yesterday 14:03:09". Pure, apart from the reader's language. */
export function timeOf({ at }, now = new Date()) {
  const date = new Date(at * 1000);
  return `${day(date, now)} ${clock(date, { seconds: true })}`;
}

/** Fills `[data-warnings]`, a `<details>`, which is hidden while there are none. */
export class WarningsPanel {
  #panel;
  #list;
  #api;
  #poll;
  #isAllowed = false;
  /** Number of a warning → its row: what has been there stays. */
  #rows = new Map();

  constructor(panel, api) {
    this.#panel = panel;
    this.#list = panel.querySelector("[data-warnings-list]");
    this.#api = api;
    this.#poll = new Poll(() => this.#load(), POLL_MS);
  }

  async start() {
    await addWords("warnings");
    this.#poll.start();
  }

  /** Whether this person may see them. */
  allow(isAllowed) {
    this.#isAllowed = isAllowed;
    return this.#poll.now();
  }

  async #load() {
    try {
      this.#show(this.#isAllowed ? (await this.#api.warnings()).warnings : []);
    } catch (error) {
      if (error.status) this.#show([]); // else nobody answers, and what is known stays
    }
  }

  #show(warnings) {
    const rows = this.#rows;
    this.#rows = new Map();
    arrange(this.#list, warnings.map((warning) => this.#row(warning, rows.get(keyOf(warning)))));
    this.#panel.hidden = warnings.length === 0;
    const summary = text("warnings.title", { count: warnings.length });
    setText(this.#panel.querySelector("[data-warnings-title]"), summary);
  }

  #row(warning, before) {
    const row = before ?? rowOf(warning);
    setText(row.querySelector("time"), timeOf(warning)); // "today" ends at midnight
    this.#rows.set(keyOf(warning), row);
    return row;
  }
}

/** A server that was started again counts from 0. */
function keyOf({ number, at }) {
  return `${number} ${at}`;
}

function rowOf(warning) {
  const { at, level, logger, text: words } = warning;
  const time = element("time", { datetime: new Date(at * 1000).toISOString() });
  const where = element("span", { class: "where" }, logger);
  return element("li", { "data-warning": level }, time, where, element("p", {}, words));
}
