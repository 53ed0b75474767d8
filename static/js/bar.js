/**
 * Where things are on the bar of a recording. Times in seconds, places from 0 to 1. Pure.
 *
 * @typedef {{ from: number, to: number }} Stretch
 */

/** The time that the pointer at `x` is at, on a bar from `left` on, `width` pixels wide. */
export function timeAt(x, left, width, duration) {
  if (!(width > 0)) return 0;
  return clamp((x - left) / width, 0, 1) * duration;
}

/** Where `time` is on the bar. */
export function placeOf(time, duration) {
  return duration > 0 ? clamp(time / duration, 0, 1) : 0;
}

/**
 * Stretches of time on the bar; those that would not be seen are left out.
 *
 * @param {Stretch[]} stretches
 * @param {number} duration
 * @returns {Stretch[]}
 */
export function placesOf(stretches, duration) {
  return stretches
    .map(({ from, to }) => ({ from: placeOf(from, duration), to: placeOf(to, duration) }))
    .filter(({ from, to }) => to - from > 0.0005);
}

/**
 * Of a `TimeRanges`.
 *
 * @returns {Stretch[]}
 */
export function stretchesOf(ranges) {
  return Array.from({ length: ranges.length }, (_, index) => ({
    from: ranges.start(index),
    to: ranges.end(index),
  }));
}

export function clamp(value, least, most) {
  return Math.min(Math.max(value, least), Math.max(least, most));
}
