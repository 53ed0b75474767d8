/** How fast a recording is played. Pure. */

/** Chromium refuses more than 16. */
export const SPEEDS = [0.5, 1, 2, 4, 8, 16];
/** Slower devices decode no more than this many times what is shown at 1 ×. */
const LEAST_MEASURED = 4;
const ENOUGH = 0.85;

/**
 * The next faster speed, or slower one.
 *
 * @param {number} speed
 * @param {1 | -1} direction
 */
export function nextSpeed(speed, direction) {
  if (direction > 0) return SPEEDS.find((other) => other > speed) ?? SPEEDS[SPEEDS.length - 1];
  return SPEEDS.findLast((other) => other < speed) ?? SPEEDS[0];
}

/**
 * Whether a device can't keep up: in `real_s` the video went on by `shown_s` only.
 *
 * @param {number} speed
 * @param {number} shown_s
 * @param {number} real_s
 */
export function isTooFast(speed, shown_s, real_s) {
  return speed >= LEAST_MEASURED && shown_s < ENOUGH * speed * real_s;
}
