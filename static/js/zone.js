/**
 * The camera's time zone. The server tells it, and every time on the page is in it: titles, days and
 * the names of files then agree, wherever somebody looks from. Until it is told, it is the viewer's.
 */

const DAY_MS = 86_400_000;
const OFFSET = /^([+-])(\d\d):(\d\d)$/;
const PARTS = /** @type {const} */ (["year", "month", "day", "hour", "minute", "second"]);

let name = "";
/** Of a zone that is nothing but an offset, ms; null: one with a name. @type {number | null} */
let fixedMs = null;
/** @type {Intl.DateTimeFormat} */
let calendar = calendarOf(undefined);
const changes = new EventTarget();

/**
 * Takes `Europe/Berlin`, `UTC` or `+05:30` as the camera's zone; one that this browser does not know
 * changes nothing.
 *
 * @param {string | undefined} told
 */
export function setZone(told) {
  if (!told || told === name) return;
  const [, sign, hours, minutes] = OFFSET.exec(told) ?? [];
  try {
    calendar = calendarOf(sign ? "UTC" : told);
  } catch {
    return;
  }
  const aheadMs = (Number(hours) * 60 + Number(minutes)) * 60_000;
  fixedMs = sign ? (sign === "-" ? -aheadMs : aheadMs) : null;
  name = told;
  changes.dispatchEvent(new Event("change"));
}

/**
 * Calls `callback` after each change of the zone.
 *
 * @param {() => void} callback
 * @param {{signal?: AbortSignal}} [options]
 */
export function onZone(callback, { signal } = {}) {
  changes.addEventListener("change", callback, { signal });
}

/**
 * What `Intl.DateTimeFormat` needs to write `date` in the camera's zone.
 *
 * @param {Date} date
 * @returns {{date: Date, timeZone: string | undefined}}
 */
export function inZone(date) {
  if (fixedMs === null) return { date, timeZone: name || undefined };
  return { date: new Date(date.getTime() + fixedMs), timeZone: "UTC" };
}

/**
 * How far the camera's clock is ahead of UTC at that time, minutes.
 *
 * @param {Date} date
 */
export function offsetMinutes(date) {
  if (fixedMs !== null) return fixedMs / 60_000;
  const ms = Math.floor(date.getTime() / 1000) * 1000;
  return (readingOf(date) - ms) / 60_000;
}

/**
 * The day that a time lies in, `2026-11-30`.
 *
 * @param {number} at epoch seconds
 */
export function dayOf(at) {
  return new Date(readingOf(new Date(at * 1000))).toISOString().slice(0, 10);
}

/**
 * When that day begins, epoch seconds.
 *
 * @param {string} day
 */
export function dayStart(day) {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  let at = midnight;
  for (let round = 0; round < 2; round += 1) at = midnight - offsetMinutes(new Date(at)) * 60_000;
  return at / 1000;
}

/**
 * The day `count` days later, or earlier.
 *
 * @param {string} day
 * @param {number} count
 */
export function dayAfter(day, count) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

/**
 * What the camera's clock shows then, as if that were UTC, ms.
 *
 * @param {Date} date
 */
function readingOf(date) {
  const here = inZone(date).date;
  /** @type {Record<string, string>} */
  const parts = {};
  for (const { type, value } of calendar.formatToParts(here)) parts[type] = value;
  const [year, month, day, hour, minute, second] = PARTS.map((part) => Number(parts[part]));
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** @param {string | undefined} timeZone */
function calendarOf(timeZone) {
  /** @type {Intl.DateTimeFormatOptions} */
  const style = { timeZone, hourCycle: "h23" };
  for (const part of PARTS) style[part] = "numeric";
  return new Intl.DateTimeFormat("en-US", style);
}
