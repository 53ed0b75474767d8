/**
 * The strip of the day: what is recorded, and when, from the whole day down to a minute. A tap or
 * Enter plays from there; its right end is now.
 *
 * Dispatches on its element (bubbling) `pet-stream:play` with `detail {name, at_s, started_at,
 * is_running}`, and `pet-stream:to-live`; hears of playback by `pet-stream:playback`.
 */

import { DayBubble } from "./day_bubble.js";
import { DayCalendar } from "./day_calendar.js";
import { DayDrawing } from "./day_drawing.js";
import * as geometry from "./day_geometry.js";
import { DayList } from "./day_list.js";
import { dayParts } from "./day_parts.js";
import { DayPointer } from "./day_pointer.js";
import { DayView } from "./day_view.js";
import { element, setText } from "./dom.js";
import { clock, day as dayName, zoneHint } from "./format.js";
import { onLanguage, sayLabel, text } from "./i18n.js";
import { isSeen, linkTrouble, NOTHING } from "./known.js";
import { withQuery } from "./requests.js";
import { dayStart, onZone } from "./zone.js";

const STYLE = new URL("../css/strip.css", import.meta.url).href;
const ZOOM = 2;
/** Now moves on at least so often, and at most. */
const [OFTEN_MS, SELDOM_MS] = [1_000, 30_000];
/** How far beside a recording it can be pointed at, px. */
const REACH_PX = 5;
const TOUCH_REACH_PX = 14;

export class DayStrip {
  #node;
  #server;
  /** What was known of the server when it was last looked at. */
  #before = NOTHING;
  #shown;
  #drawing = new DayDrawing();
  #list = new DayList();
  #calendar = new DayCalendar();
  #bubble;
  #parts = dayParts();
  #isToDraw = false;
  #tick = 0;

  /**
   * @param {HTMLElement} node
   * @param {import("./server.js").Server} server
   */
  constructor(node, server) {
    const { api } = server;
    this.#node = node;
    this.#server = server;
    this.#shown = new DayView(api, () => (Date.now() + (server.clockOffsetMs ?? 0)) / 1000);
    this.#bubble = new DayBubble((name, from, to) =>
      withQuery(api.recordingUrl(name), `from=${from}&to=${to}`),
    );
    const { bar, slider, note, news } = this.#parts;
    node.classList.add("day-strip", "card");
    node.setAttribute("role", "region");
    sayLabel(node, "day.title");
    slider.append(this.#drawing.node);
    const track = element("div", { class: "track" }, slider, note, this.#bubble.node);
    const style = element("link", { rel: "stylesheet", href: STYLE });
    style.onload = style.onerror = () => {
      node.append(bar, track, this.#list.node, this.#calendar.node, news);
      this.#draw(); // at once: until then its buttons say nothing
    };
    document.head.append(style);
  }

  start() {
    this.#wire();
    this.#server.known.addEventListener("change", () => this.#heard());
    document.addEventListener("visibilitychange", () => document.hidden || this.#shown.outdate());
    document.addEventListener("pet-stream:play", () => this.#shown.followAgain());
    document.addEventListener("pet-stream:playback", (event) => {
      const { name, epoch_s: at } = /** @type {CustomEvent} */ (event).detail;
      this.follow(name && Number.isFinite(at) ? { at } : null);
    });
    onZone(() => this.#redraw());
    onLanguage(() => this.#redraw());
    new ResizeObserver(() => this.#redraw()).observe(this.#drawing.node);
    this.go("");
  }

  /**
   * Shows a day (`2026-11-30`); "": today.
   *
   * @param {string} day
   */
  go(day) {
    this.#bubble.hide();
    return this.#shown.go(day);
  }

  /**
   * What plays, and where in it (epoch seconds); null: live.
   *
   * @param {{at: number} | null} what
   */
  follow(what) {
    this.#shown.follow(what);
    this.#mark();
  }

  /** The store knows something new: is the day another one? */
  #heard() {
    const before = this.#before;
    const { now } = this.#server.known;
    this.#before = now;
    const isBack = Boolean(linkTrouble(before)) && !linkTrouble(now);
    if (now.listAt !== before.listAt || isBack) this.#shown.outdate();
    this.#parts.live.toggleAttribute("data-comes", isSeen(now)); // else it claims nothing
  }

  // What people do

  #wire() {
    const shown = this.#shown;
    const { slider, previous, next, date, further, closer, live } = this.#parts;
    shown.addEventListener("change", () => this.#redraw());
    previous.addEventListener("click", () => this.#turn(-1));
    next.addEventListener("click", () => this.#turn(1));
    further.addEventListener("click", () => shown.zoom(ZOOM));
    closer.addEventListener("click", () => shown.zoom(1 / ZOOM));
    live.addEventListener("click", () => this.#toLive());
    date.addEventListener("click", () => this.#openCalendar());
    slider.addEventListener("keydown", (event) => this.#pressed(event));
    this.#calendar.addEventListener("choose", (event) => {
      this.go(/** @type {CustomEvent} */ (event).detail);
      slider.focus();
    });
    this.#list.addEventListener("play", (event) => {
      const span = /** @type {CustomEvent} */ (event).detail;
      this.#play(geometry.goalAt([span], span.from, 0, shown.now));
    });
    new DayPointer(slider, {
      isWhole: () => shown.isWhole,
      point: (x) => this.#point(x),
      leave: () => this.#leave(),
      choose: (x, isTouch) => this.#choose(this.#timeAt(x), isTouch ? TOUCH_REACH_PX : REACH_PX),
      pan: (part) => shown.pan(part),
      zoom: (factor, x, place) => shown.zoom(factor, this.#timeAt(x), place),
    });
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const shown = this.#shown;
    const step = geometry.keyStep(shown.view);
    const later = () => (event.shiftKey ? this.#jump(1) : shown.move(shown.at + step));
    const earlier = () => (event.shiftKey ? this.#jump(-1) : shown.move(shown.at - step));
    const closer = () => shown.zoom(1 / ZOOM);
    const further = () => shown.zoom(ZOOM);
    const play = () => this.#choose(shown.at, 0);
    /** @type {Record<string, () => void>} */
    const keys = {
      ...{ ArrowRight: later, ArrowUp: later, ArrowLeft: earlier, ArrowDown: earlier },
      ...{ "+": closer, "=": closer, "-": further, _: further, Enter: play, " ": play },
      0: () => shown.look(shown.bounds),
      Home: () => shown.move(shown.bounds.from),
      End: () => shown.move(shown.bounds.to),
      PageUp: () => this.#turn(-1),
      PageDown: () => this.#turn(1),
      Escape: () => shown.move(null),
    };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  }

  /** To where the next recording begins, or the one before. @param {1 | -1} step */
  #jump(step) {
    const { at, spans } = this.#shown;
    const begins = spans.map(({ from }) => from);
    const next = step > 0 ? begins.find((one) => one > at) : begins.findLast((one) => one < at);
    if (next !== undefined) this.#shown.move(next);
  }

  /** @param {number} days */
  #turn(days) {
    this.#leave();
    if (this.#shown.turn(days)) setText(this.#parts.news, this.#dayName);
  }

  async #openCalendar() {
    const { day, today, data } = this.#shown;
    const days = await data.days().catch(() => []);
    this.#calendar.open(this.#parts.date, day, today, days);
  }

  /** @param {number} at @param {number} reachPx */
  async #choose(at, reachPx) {
    const { view, now } = this.#shown;
    const reach = (reachPx * (view.to - view.from)) / Math.max(1, this.#drawing.width);
    const goal = at > now ? null : await this.#shown.goalAt(at, reach);
    if (goal) this.#play(goal);
    else this.#toLive();
  }

  /** @param {import("./day_geometry.js").Goal | null} goal */
  #play(goal) {
    if (!goal) return;
    this.#shown.cursor = null;
    this.#shown.followAgain();
    this.follow({ at: goal.started_at + goal.at_s });
    this.#send("pet-stream:play", goal);
  }

  #toLive() {
    this.#shown.goLive();
    this.#mark();
    this.#send("pet-stream:to-live");
  }

  // What is shown

  #redraw() {
    if (this.#isToDraw) return;
    this.#isToDraw = true;
    requestAnimationFrame(() => {
      this.#isToDraw = false;
      this.#draw();
    });
  }

  #draw() {
    const { view, now, spans, isWhole, isFailed, isKnown, leftOut } = this.#shown;
    if (!this.#drawing.width) return;
    this.#drawing.show(spans, view, now);
    this.#list.show(spans, now);
    const { date, next, further, closer, hint, slider, note } = this.#parts;
    setText(date, this.#dayName);
    setText(hint, zoneHint(this.#noon));
    slider.setAttribute("aria-label", text("day.slider", { day: this.#dayName }));
    next.disabled = this.#shown.isToday;
    further.disabled = isWhole;
    closer.disabled = view.to - view.from <= geometry.SHORTEST_S;
    const state = isFailed ? "failed" : !isKnown ? "loading" : spans.length ? "ready" : "empty";
    this.#node.dataset.dayStrip = state;
    const words = { failed: text("day.failed"), empty: text("day.empty"), loading: "", ready: "" };
    setText(note, leftOut ? text("day.left_out", { count: leftOut }) : words[state]);
    this.#mark();
  }

  /** What stands at a time; now moves on by itself while somebody looks. */
  #mark() {
    clearTimeout(this.#tick);
    const { view, now, isToday, playhead, cursor } = this.#shown;
    this.#drawing.mark("now", isToday ? now : null, view);
    this.#drawing.mark("playhead", playhead, view);
    this.#drawing.mark("cursor", cursor, view);
    this.#parts.live.setAttribute("aria-pressed", String(playhead === null));
    this.#tell();
    if (document.hidden || !isToday) return;
    const pixelMs = ((view.to - view.from) * 1000) / Math.max(1, this.#drawing.width);
    const waitMs = Math.min(SELDOM_MS, Math.max(OFTEN_MS, pixelMs));
    this.#tick = setTimeout(() => this.#passed(), waitMs);
  }

  #passed() {
    const { isToday, playhead } = this.#shown;
    if (isToday || playhead !== null) this.#redraw();
    else this.go(""); // it was midnight
  }

  /** Says where the keys are; while it plays, only when somebody comes there: it is never silent else. */
  #tell() {
    const { slider } = this.#parts;
    const { at, bounds, cursor, playhead } = this.#shown;
    if (cursor === null && playhead !== null && document.activeElement === slider) return;
    slider.setAttribute("aria-valuemax", String(Math.round(bounds.to - bounds.from)));
    slider.setAttribute("aria-valuenow", String(Math.round(at - bounds.from)));
    slider.setAttribute("aria-valuetext", `${timeOf(at)}, ${this.#wordsAt(at)}`);
  }

  /** @param {number} x from 0 to 1 */
  #point(x) {
    const at = this.#timeAt(x);
    const span = geometry.spanAt(this.#shown.spans, at, this.#shown.now);
    const goal = span?.to ? geometry.goalAt([span], at, 0, this.#shown.now) : null;
    this.#bubble.show(x, { time: timeOf(at), words: this.#wordsAt(at) }, goal);
    this.#drawing.mark("hover", at, this.#shown.view);
  }

  #leave() {
    this.#bubble.hide();
    this.#drawing.mark("hover", null, this.#shown.view);
  }

  /** @param {number} at */
  #wordsAt(at) {
    return text(`day.is.${geometry.whatIsAt(this.#shown.spans, at, this.#shown.now)}`);
  }

  /** @param {number} x */
  #timeAt(x) {
    const { from, to } = this.#shown.view;
    return from + x * (to - from);
  }

  get #noon() {
    return new Date((dayStart(this.#shown.day) + 43_200) * 1000);
  }

  get #dayName() {
    return dayName(this.#noon, new Date(this.#shown.now * 1000));
  }

  /** @param {string} type @param {object} [detail] */
  #send(type, detail) {
    this.#node.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

/** @param {number} at epoch seconds */
function timeOf(at) {
  return clock(new Date(at * 1000), { seconds: true });
}
