/** A month as the grid of a calendar. Pure. */

import { dayAfter } from "./zone.js";

/**
 * The weeks of `2026-11`, each of seven days; null where another month has the day.
 *
 * @param {string} month
 * @param {number} firstWeekday 1: weeks begin on Monday, 7: on Sunday
 * @returns {(string | null)[][]}
 */
export function weeksOf(month, firstWeekday) {
  const first = `${month}-01`;
  const before = (new Date(first).getUTCDay() - firstWeekday + 7) % 7;
  const weeks = [];
  for (let day = dayAfter(first, -before); day.slice(0, 7) <= month; day = dayAfter(day, 7)) {
    const days = Array.from({ length: 7 }, (_, index) => dayAfter(day, index));
    weeks.push(days.map((one) => (one.startsWith(month) ? one : null)));
  }
  return weeks;
}

/**
 * The month `count` later, or earlier.
 *
 * @param {string} month
 * @param {number} count
 */
export function monthAfter(month, count) {
  const [year, number] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + count)).toISOString().slice(0, 7);
}

/**
 * Where a key leads in the grid; null: it is none of the grid's keys.
 *
 * @param {string} key
 * @param {string} day where it is pressed
 * @param {number} firstWeekday
 */
export function dayByKey(key, day, firstWeekday) {
  const weekday = (new Date(day).getUTCDay() - firstWeekday + 7) % 7;
  switch (key) {
    case "ArrowLeft":
      return dayAfter(day, -1);
    case "ArrowRight":
      return dayAfter(day, 1);
    case "ArrowUp":
      return dayAfter(day, -7);
    case "ArrowDown":
      return dayAfter(day, 7);
    case "Home":
      return dayAfter(day, -weekday);
    case "End":
      return dayAfter(day, 6 - weekday);
    case "PageUp":
      return inMonth(monthAfter(day.slice(0, 7), -1), day);
    case "PageDown":
      return inMonth(monthAfter(day.slice(0, 7), 1), day);
    default:
      return null;
  }
}

/**
 * The same day of another month, or its last.
 *
 * @param {string} month
 * @param {string} day
 */
function inMonth(month, day) {
  const last = dayAfter(`${monthAfter(month, 1)}-01`, -1);
  const same = `${month}-${day.slice(8)}`;
  return same < last ? same : last;
}
