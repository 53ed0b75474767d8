/** What the strip shows: a day and its recordings, the part of it in view, and where one is in it. */

import { DayData } from "./day_data.js";
import * as geometry from "./day_geometry.js";
import { dayAfter, dayOf, dayStart } from "./zone.js";

/** @typedef {import("./day_geometry.js").Stretch} Stretch */
/** @typedef {import("./day_geometry.js").Goal} Goal */
/** @typedef {import("./day_data.js").Timeline} Timeline */

/** Files that are still being read have no end yet: the server is asked again. */
const READING_MS = 3_000;

/** Sends `change` whenever something else is to be shown. */
export class DayView extends EventTarget {
  data;
  /** `2026-11-30` */
  day = "";
  /** @type {Stretch} */
  view = { from: 0, to: 1 };
  /** Where keys have gone, epoch seconds; null: where it plays. @type {number | null} */
  cursor = null;
  /** Where it plays; null: live. @type {number | null} */
  playhead = null;
  /** Whether the last answer failed, and nothing is known of the day. */
  isFailed = false;
  /** @type {Timeline | null} */
  #timeline = null;
  #isFollowing = true;
  #readingTimer = 0;
  #clock;

  /**
   * @param {import("./api.js").Api} api
   * @param {() => number} clock the server's, epoch seconds
   */
  constructor(api, clock) {
    super();
    this.data = new DayData(api);
    this.#clock = clock;
  }

  // Times

  get now() {
    return this.#clock();
  }

  get today() {
    return dayOf(this.now);
  }

  get isToday() {
    return this.day === this.today;
  }

  /** The day itself, of 23 to 25 hours. @returns {Stretch} */
  get bounds() {
    if (this.#timeline) return { from: this.#timeline.from, to: this.#timeline.to };
    return { from: dayStart(this.day), to: dayStart(dayAfter(this.day, 1)) };
  }

  get isWhole() {
    const { from, to } = this.bounds;
    return this.view.to - this.view.from >= to - from;
  }

  get spans() {
    return this.#timeline?.spans ?? [];
  }

  get isKnown() {
    return this.#timeline !== null;
  }

  /** How many recordings of the day the answer had no room for. */
  get leftOut() {
    return this.#timeline?.left_out ?? 0;
  }

  /** Where keys begin: never in the future. */
  get at() {
    const { from, to } = this.bounds;
    const at = this.cursor ?? this.playhead ?? this.now;
    return Math.min(Math.max(at, from), to, Math.max(from, this.now));
  }

  // Days

  /**
   * Shows all of a day; "": today.
   *
   * @param {string} day
   */
  go(day) {
    this.day = day || this.today;
    this.#timeline = this.data.known(this.day) ?? null;
    this.isFailed = false;
    this.view = this.bounds;
    this.cursor = null;
    this.#changed();
    return this.load();
  }

  /**
   * Goes so many days on, or back; false: that day has not come yet.
   *
   * @param {number} days
   */
  turn(days) {
    const day = dayAfter(this.day, days);
    if (day > this.today) return false;
    this.#isFollowing = false;
    this.go(day);
    return true;
  }

  /** Recordings have come, gone or changed. */
  outdate() {
    this.data.forget();
    if (!document.hidden) this.load();
  }

  async load() {
    clearTimeout(this.#readingTimer);
    const wanted = this.day;
    try {
      const timeline = await this.data.load(wanted);
      if (wanted !== this.day) return;
      const { isWhole } = this;
      this.#timeline = timeline;
      this.isFailed = false;
      if (isWhole) this.view = this.bounds;
      if (timeline.reading && !document.hidden) {
        this.#readingTimer = setTimeout(() => this.load(), READING_MS);
      }
    } catch {
      if (wanted !== this.day) return;
      this.isFailed = !this.#timeline; // what is known stays
    }
    this.#changed();
  }

  // What is in view

  /**
   * By hand: it goes on with what plays only while that is in view.
   *
   * @param {Stretch} view
   */
  look(view) {
    const { playhead } = this;
    this.#isFollowing = playhead === null || (view.from <= playhead && playhead <= view.to);
    return this.#look(view);
  }

  /**
   * Whether anything has changed. `factor` below 1 is closer.
   *
   * @param {number} factor
   * @param {number} [at] stays where it is,
   * @param {number} [place] or comes there (from 0 to 1)
   */
  zoom(factor, at = this.at, place = undefined) {
    return this.look(geometry.zoomed(this.view, this.bounds, factor, at, place));
  }

  /** @param {number} part of what is in view */
  pan(part) {
    const seconds = part * (this.view.to - this.view.from);
    return this.look(geometry.panned(this.view, this.bounds, seconds));
  }

  /**
   * The keys' place; beyond the day it is in the one beside it.
   *
   * @param {number | null} at
   */
  move(at) {
    const { from, to } = this.bounds;
    if (at !== null && (at < from || at > to)) this.turn(at < from ? -1 : 1);
    this.cursor = at;
    if (at !== null) {
      this.cursor = this.at;
      this.#look(geometry.showing(this.view, this.bounds, this.cursor));
    }
    this.#changed();
  }

  // What plays

  /**
   * What plays, and where in it (epoch seconds); null: live.
   *
   * @param {{at: number} | null} what
   */
  follow(what) {
    this.playhead = what?.at ?? null;
    if (!what || !this.#isFollowing) return;
    const day = dayOf(what.at);
    if (day !== this.day) this.go(day);
    this.#look(geometry.showing(this.view, this.bounds, what.at));
  }

  /** Somebody wants to see something: the view goes along with it. */
  followAgain() {
    this.#isFollowing = true;
  }

  /** Shows now, and goes on with it. */
  goLive() {
    this.follow(null);
    this.cursor = null;
    this.#isFollowing = true;
    if (!this.isToday) this.go("");
    else this.#look(geometry.showing(this.view, this.bounds, this.now));
  }

  /**
   * What is played when somebody points at a time, on whatever later day; null: nothing came after it.
   *
   * @param {number} at
   * @param {number} reach seconds
   * @returns {Promise<Goal | null>}
   */
  async goalAt(at, reach) {
    const here = geometry.goalAt(this.spans, at, reach, this.now);
    if (here || this.isToday) return here;
    return this.data.firstAfter(this.bounds.to - 1, this.now).catch(() => null);
  }

  /** @param {Stretch} view */
  #look(view) {
    if (view.from === this.view.from && view.to === this.view.to) return false;
    this.view = view;
    this.#changed();
    return true;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
