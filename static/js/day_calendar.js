/** The calendar of the strip: a small grid of a month, in which days with recordings can be chosen. */

import { dayByKey, monthAfter, weeksOf } from "./calendar_month.js";
import { element, icon, setText } from "./dom.js";
import { firstWeekday, month as monthName, weekdays, wholeDay } from "./format.js";
import { text } from "./i18n.js";
import { dayStart } from "./zone.js";

/** @typedef {import("./day_data.js").RecordedDay} RecordedDay */

/** Sends `choose` with a day. */
export class DayCalendar extends EventTarget {
  node;
  #title = element("strong", { class: "month", "aria-live": "polite" });
  #previous = element("button", { type: "button", class: "action" }, icon("previous"));
  #next = element("button", { type: "button", class: "action" }, icon("next"));
  #grid = element("table", { role: "grid" });
  /** @type {Map<string, RecordedDay>} */
  #days = new Map();
  #today = "";
  /** The day that keys begin at. */
  #at = "";
  #shown = "";

  constructor() {
    super();
    const head = element("header", {}, this.#previous, this.#title, this.#next);
    this.node = element("div", { class: "calendar card", role: "dialog", popover: "" }, head, this.#grid);
    this.#previous.addEventListener("click", () => this.#turn(-1));
    this.#next.addEventListener("click", () => this.#turn(1));
    this.#grid.addEventListener("keydown", (event) => this.#pressed(event));
    this.#grid.addEventListener("click", ({ target }) => {
      const { day } = /** @type {Element} */ (target).closest("button")?.dataset ?? {};
      if (day) this.#choose(day);
    });
  }

  /**
   * Opens it below `anchor`.
   *
   * @param {HTMLElement} anchor
   * @param {string} day the one that is shown
   * @param {string} today
   * @param {RecordedDay[]} days
   */
  open(anchor, day, today, days) {
    this.#days = new Map(days.map((one) => [one.day, one]));
    this.#today = today;
    this.#shown = day;
    this.node.setAttribute("aria-label", text("day.choose"));
    this.#previous.setAttribute("aria-label", text("day.month.previous"));
    this.#next.setAttribute("aria-label", text("day.month.next"));
    this.#goTo(day);
    this.node.showPopover();
    const { left, bottom } = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.node;
    const room = document.documentElement;
    this.node.style.left = `${Math.max(8, Math.min(left, room.clientWidth - width - 8))}px`;
    this.node.style.top = `${Math.max(8, Math.min(bottom + 4, room.clientHeight - height - 8))}px`;
    this.#focus();
  }

  /** @param {string} day */
  #choose(day) {
    if (!this.#canChoose(day)) return;
    this.node.hidePopover();
    this.dispatchEvent(new CustomEvent("choose", { detail: day }));
  }

  /** @param {string} day */
  #canChoose(day) {
    return this.#days.has(day) || day === this.#today;
  }

  /** @param {number} months */
  #turn(months) {
    this.#goTo(this.#bounded(`${monthAfter(this.#at.slice(0, 7), months)}-15`));
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const day = dayByKey(event.key, this.#at, firstWeekday());
    if (!day) return;
    event.preventDefault();
    event.stopPropagation();
    this.#goTo(this.#bounded(day));
    this.#focus();
  }

  /**
   * There is nothing before the first recording's month, nor after today.
   *
   * @param {string} day
   */
  #bounded(day) {
    const [first = this.#today] = this.#days.keys();
    const earliest = `${first.slice(0, 7)}-01`;
    return [earliest, day, this.#today].sort()[1];
  }

  /** @param {string} day */
  #goTo(day) {
    this.#at = day;
    const month = day.slice(0, 7);
    const [first = this.#today] = this.#days.keys();
    this.#previous.disabled = month <= first.slice(0, 7);
    this.#next.disabled = month >= this.#today.slice(0, 7);
    setText(this.#title, monthName(dateOf(`${month}-15`)));
    const names = weekdays().map(({ short, long }) =>
      element("th", { scope: "col", abbr: long }, short),
    );
    const rows = weeksOf(month, firstWeekday()).map((week) =>
      element("tr", {}, ...week.map((one) => element("td", {}, ...(one ? [this.#button(one)] : [])))),
    );
    const head = element("thead", {}, element("tr", {}, ...names));
    this.#grid.replaceChildren(head, element("tbody", {}, ...rows));
    this.#grid.setAttribute("aria-label", this.#title.textContent ?? "");
  }

  /** @param {string} day */
  #button(day) {
    const { recordings = 0, starred = 0 } = this.#days.get(day) ?? {};
    const has = recordings ? text("day.has", { count: recordings }) : text("day.is.nothing");
    const kept = starred ? text("day.has.kept", { count: starred }) : "";
    return element(
      "button",
      {
        type: "button",
        "data-day": day,
        class: starred ? "starred" : null,
        tabindex: day === this.#at ? "0" : "-1",
        "aria-label": [wholeDay(dateOf(day)), has, kept].filter(Boolean).join(", "),
        "aria-disabled": this.#canChoose(day) ? null : "true",
        "aria-current": day === this.#today ? "date" : null,
        "aria-pressed": day === this.#shown ? "true" : null,
      },
      String(Number(day.slice(8))),
    );
  }

  #focus() {
    /** @type {HTMLElement | null} */ (this.#grid.querySelector("[tabindex='0']"))?.focus();
  }
}

/** Noon of it. @param {string} day */
function dateOf(day) {
  return new Date((dayStart(day) + 43_200) * 1000);
}
