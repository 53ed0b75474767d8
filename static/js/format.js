/** Numbers and times as a person reads them: pure, but for the reader's language and the zone. */

import { language, text } from "./i18n.js";
import { dayOf, inZone, offsetMinutes } from "./zone.js";

const UNITS = ["B", "kB", "MB", "GB", "TB"];
const DAY_MS = 86_400_000;

/**
 * `3.4 MB`: decimal units, at most three digits.
 *
 * @param {number} count
 */
export function bytes(count) {
  let value = Math.max(0, count);
  let unit = 0;
  while (Math.round(value) >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${number(value, digits)}\u00a0${UNITS[unit]}`;
}

/**
 * `0:07`, `12:40`, `1:02:03` from seconds.
 *
 * @param {number} seconds
 */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value) => String(value).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/**
 * The same for a screen reader and for `<time datetime>`: `PT1H2M3S`.
 *
 * @param {number} seconds
 */
export function isoDuration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `PT${Math.floor(whole / 3600)}H${Math.floor(whole / 60) % 60}M${whole % 60}S`;
}

/**
 * @param {number} width
 * @param {number} height
 */
export function resolution(width, height) {
  return `${width}\u00a0×\u00a0${height}`;
}

/**
 * `30 fps`; a slow camera keeps a digit: `1.9 fps`.
 *
 * @param {number} fps
 */
export function rate(fps) {
  return `${number(fps, fps < 9.95 && Math.abs(fps - Math.round(fps)) > 0.05 ? 1 : 0)}\u00a0fps`;
}

/**
 * `14:03`, with seconds where they tell two recordings apart.
 *
 * @param {Date} date
 * @param {{seconds?: boolean}} [options]
 */
export function clock(date, { seconds = false } = {}) {
  return written(date, { hour: "numeric", minute: "2-digit", second: seconds ? "2-digit" : undefined });
}

/**
 * A day's name: today and yesterday in words, the year only if it is another.
 *
 * @param {Date} date
 * @param {Date} [now]
 */
export function day(date, now = new Date()) {
  const [that, today] = [date, now].map((one) => dayOf(one.getTime() / 1000));
  const daysAgo = (Date.parse(today) - Date.parse(that)) / DAY_MS;
  if (daysAgo === 0 || daysAgo === 1) {
    const name = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(-daysAgo, "day");
    return name.charAt(0).toLocaleUpperCase(locale()) + name.slice(1);
  }
  return written(date, {
    weekday: language() === "ja" ? "short" : "long", // 11月9日(月)
    month: "long",
    day: "numeric",
    year: that.slice(0, 4) === today.slice(0, 4) ? undefined : "numeric",
  });
}

/**
 * A day and a time: `Today, 3:51:01`.
 *
 * @param {Date} date
 * @param {Date} [now]
 */
export function moment(date, now = new Date()) {
  return text("time.moment", { day: day(date, now), time: clock(date, { seconds: true }) });
}

/**
 * `November 2026`
 *
 * @param {Date} date
 */
export function month(date) {
  return written(date, { month: "long", year: "numeric" });
}

/**
 * `Monday, November 30`, with the weekday wherever it is.
 *
 * @param {Date} date
 */
export function wholeDay(date) {
  return written(date, { weekday: "long", month: "long", day: "numeric" });
}

/** The day that weeks begin on here: 1 Monday, 7 Sunday. */
export function firstWeekday() {
  const here = /** @type {any} */ (new Intl.Locale(locale()));
  const { firstDay } = here.getWeekInfo?.() ?? here.weekInfo ?? {};
  return firstDay ?? (["ja", "en-US"].includes(locale()) ? 7 : 1);
}

/**
 * The days of a week as it begins here, by name: `[{short: "Mon", long: "Monday"}, …]`.
 *
 * @returns {{short: string, long: string}[]}
 */
export function weekdays() {
  const name = (/** @type {"short" | "long"} */ weekday, /** @type {number} */ number) =>
    new Intl.DateTimeFormat(locale(), { weekday, timeZone: "UTC" }).format(Date.UTC(2024, 0, number));
  return Array.from({ length: 7 }, (_, index) => {
    const number = firstWeekday() + index; // January 1, 2024 was a Monday
    return { short: name("short", number), long: name("long", number) };
  });
}

/**
 * `12 s`, `3 min`, `2 h 5 min`: what is too long for seconds is told in minutes.
 *
 * @param {number} seconds
 */
export function lengthInWords(seconds) {
  const whole = Math.round(seconds);
  if (whole < 120) return text("time.seconds", { count: whole });
  const minutes = Math.round(whole / 60);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (!hours) return text("time.minutes", { count: minutes });
  if (!rest) return text("time.hours", { count: hours });
  return text("time.hours.minutes", { hours, minutes: rest });
}

/**
 * Whose time it is, where that is not the viewer's: `camera's time, UTC+9`; else "".
 *
 * @param {Date} [date]
 */
export function zoneHint(date = new Date()) {
  const minutes = offsetMinutes(date);
  if (minutes === -date.getTimezoneOffset()) return "";
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const sign = minutes < 0 ? "\u2212" : "+";
  const ahead = minutes ? `${sign}${hours}${rest ? `:${String(rest).padStart(2, "0")}` : ""}` : "";
  return text("time.zone", { zone: `UTC${ahead}` });
}

/**
 * @param {Date} date
 * @param {Intl.DateTimeFormatOptions} style
 */
function written(date, style) {
  const { date: shown, timeZone } = inZone(date);
  return new Intl.DateTimeFormat(locale(), { ...style, timeZone }).format(shown);
}

/**
 * @param {number} value
 * @param {number} digits
 */
export function number(value, digits) {
  const style = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale(), style).format(value);
}

/** The browser's own locale where it fits the page's language: British times for the British. */
function locale() {
  const wanted = globalThis.navigator?.language ?? "";
  return wanted.split("-")[0] === language() ? wanted : language();
}
