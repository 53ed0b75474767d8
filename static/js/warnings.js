/** The server's last warnings, for whoever may operate it: a list behind a disclosure. */

import { arrange, element, setText } from "./dom.js";
import { clock, day } from "./format.js";
import { addWords, text } from "./i18n.js";

const STYLE = new URL("../css/warnings.css", import.meta.url).href;

/** "Yesterday 14:03:09". Pure, apart from the reader's language. */
export function timeOf({ at }, now = new Date()) {
  const date = new Date(at * 1000);
  return `${day(date, now)} ${clock(date, { seconds: true })}`;
}

export async function openPanel(api) {
  await addWords("warnings");
  return new WarningsPanel(document.querySelector("[data-warnings]"), api);
}

/** Fills `[data-warnings]`, a `<details>`, which is hidden while there are none. */
class WarningsPanel {
  #panel;
  #title;
  #list;
  #api;
  #known = 0;
  /** Number of a warning → its row: what has been there stays. */
  #rows = new Map();

  constructor(panel, api) {
    this.#panel = panel;
    this.#title = element("summary");
    this.#list = element("ol");
    panel.append(this.#title, this.#list);
    this.#api = api;
    document.head.append(element("link", { rel: "stylesheet", href: STYLE }));
  }

  /** `count`: how many there have been so far; 0 for whoever may see none. */
  async update(count) {
    if (count === this.#known) return;
    this.#known = count;
    try {
      this.#show(count ? (await this.#api.warnings()).warnings : []);
    } catch (error) {
      if (error.status) this.#show([]); // may see them no longer
      else this.#known = -1; // nobody answers: what is there stays, and is asked for again
    }
  }

  #show(warnings) {
    const rows = this.#rows;
    this.#rows = new Map();
    arrange(this.#list, warnings.map((warning) => this.#row(warning, rows.get(keyOf(warning)))));
    this.#panel.hidden = warnings.length === 0;
    setText(this.#title, text("warnings.title", { count: warnings.length }));
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
