/** What was recorded on which day, as the server tells it: asked for when it is needed, and kept. */

import { goalAt } from "./day_geometry.js";
import { dayOf, setZone } from "./zone.js";

/** @typedef {import("./day_geometry.js").Span} Span */
/** @typedef {import("./day_geometry.js").Goal} Goal */
/**
 * @typedef {{day: string, from: number, to: number, time_zone: string, reading: number,
 *   left_out: number, spans: Span[]}} Timeline
 */
/** @typedef {{day: string, recordings: number, starred: number, duration_s: number}} RecordedDay */

/** So many days are kept. */
const MOST = 14;

export class DayData {
  #api;
  /** @type {Map<string, Timeline>} */
  #known = new Map();
  /** @type {RecordedDay[] | null} */
  #days = null;

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.#api = api;
  }

  /**
   * What is known of a day; undefined: nothing yet.
   *
   * @param {string} day
   */
  known(day) {
    return this.#known.get(day);
  }

  /** Recordings have come, gone or changed. */
  forget() {
    this.#known.clear();
    this.#days = null;
  }

  /**
   * Asks for a day; "": today. Throws ApiError.
   *
   * @param {string} day
   * @returns {Promise<Timeline>}
   */
  async load(day) {
    const answer = await this.#api.timeline(day);
    setZone(answer.time_zone);
    this.#known.delete(answer.day);
    this.#known.set(answer.day, answer);
    for (const oldest of [...this.#known.keys()].slice(0, -MOST)) this.#known.delete(oldest);
    return answer;
  }

  /**
   * The days that have recordings, oldest first. Throws ApiError.
   *
   * @returns {Promise<RecordedDay[]>}
   */
  async days() {
    if (!this.#days) {
      const { days, time_zone: zone } = await this.#api.recordedDays();
      setZone(zone);
      this.#days = /** @type {RecordedDay[]} */ (days);
    }
    return this.#days;
  }

  /**
   * The first recording of a later day; null: there is none. Throws ApiError.
   *
   * @param {number} at epoch seconds
   * @param {number} now
   * @returns {Promise<Goal | null>}
   */
  async firstAfter(at, now) {
    const here = dayOf(at);
    for (const { day } of await this.days()) {
      if (day <= here) continue;
      const { spans } = this.#known.get(day) ?? (await this.load(day));
      const found = goalAt(spans, at, 0, now);
      if (found) return found;
    }
    return null;
  }
}
