/**
 * What was seen in a recording, window by window: which to ask for, and the boxes at a time. Pure.
 *
 * @typedef {import("./tracks.js").Box} Box
 * @typedef {import("./tracks.js").Sighting} Sighting
 * @typedef {[number, number, number, number, number, number]} BoxRow
 * @typedef {{ complete: boolean, classes: string[], updates: [number, ...BoxRow[]][] }} Answer of
 *   `GET /api/recordings/<name>/detections`
 */

import { HOLD_US, boxesAt } from "./tracks.js";

export const WINDOW_S = 50;
/** Boxes move from what was seen before to what is seen next, so each window knows its neighbours' ends. */
const MARGIN_S = (2 * HOLD_US) / 1e6;
/** Windows that are kept on either side. */
const KEPT = 2;
/** After this long a window that could not be had is asked for again, and so is one of a recording
 * that runs. */
export const AGAIN_MS = 5_000;

/** Of one recording. */
export class RecordedWindows {
  /** @type {Map<number, { sightings: Sighting[], againMs: number }>} by number */
  #windows = new Map();

  /**
   * The window to ask for next, `{number, fromS, toS}`, when `timeS` is shown at `nowMs`: its own, or
   * the one that comes after it; null if they are there.
   *
   * @param {number} timeS
   * @param {number} nowMs
   */
  wanted(timeS, nowMs) {
    const here = numberOf(timeS);
    const number = [here, here + 1].find((n) => nowMs >= (this.#windows.get(n)?.againMs ?? 0));
    if (number === undefined) return null;
    const fromS = Math.max(0, number * WINDOW_S - MARGIN_S);
    return { number, fromS, toS: (number + 1) * WINDOW_S + MARGIN_S };
  }

  /**
   * Takes an answer for the window `number`; null: it could not be had. Forgets those that are far
   * from it.
   *
   * @param {number} number
   * @param {Answer | null} answer
   * @param {number} nowMs
   */
  add(number, answer, nowMs) {
    const sightings = answer ? sightingsOf(answer) : (this.#windows.get(number)?.sightings ?? []);
    const againMs = answer?.complete ? Infinity : nowMs + AGAIN_MS;
    this.#windows.set(number, { sightings, againMs });
    for (const other of this.#windows.keys()) {
      if (Math.abs(other - number) > KEPT) this.#windows.delete(other);
    }
  }

  /**
   * @param {number} timeS
   * @returns {Box[]} of the picture at this time
   */
  boxesAt(timeS) {
    const sightings = this.#windows.get(numberOf(timeS))?.sightings ?? [];
    return boxesAt(sightings, timeS * 1e6);
  }
}

function numberOf(timeS) {
  return Math.floor(Math.max(0, timeS) / WINDOW_S);
}

/**
 * @param {Answer} answer
 * @returns {Sighting[]}
 */
function sightingsOf({ classes, updates }) {
  return updates.map(([timeMs, ...boxes]) => ({
    captureUs: timeMs * 1000,
    boxes: boxes.map((box) => boxOf(classes, box)),
  }));
}

/**
 * @param {string[]} classes
 * @param {BoxRow} row
 */
function boxOf(classes, [index, percent, x, y, width, height]) {
  return { name: classes[index], confidence: percent / 100, x, y, width, height };
}
