/** Numbers and times as a person reads them. Pure, apart from the reader's language. */

import { language } from "./i18n.js";

const UNITS = ["B", "kB", "MB", "GB", "TB"];
const DAY_MS = 86_400_000;

/** `3.4 MB`: decimal units, at most three digits. */
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

/** `0:07`, `12:40`, `1:02:03` from seconds. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value) => String(value).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** The same for a screen reader and for `<time datetime>`: `PT1H2M3S`. */
export function isoDuration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `PT${Math.floor(whole / 3600)}H${Math.floor(whole / 60) % 60}M${whole % 60}S`;
}

export function resolution(width, height) {
  return `${width}\u00a0×\u00a0${height}`;
}

/** `30 fps`; a slow camera keeps a digit: `1.9 fps`. */
export function rate(fps) {
  return `${number(fps, fps < 9.95 && Math.abs(fps - Math.round(fps)) > 0.05 ? 1 : 0)}\u00a0fps`;
}

/** `14:03`, with seconds where they tell two recordings apart. */
export function clock(date, { seconds = false } = {}) {
  const style = { hour: "numeric", minute: "2-digit", ...(seconds && { second: "2-digit" }) };
  return new Intl.DateTimeFormat(locale(), style).format(date);
}

/** A day's name: today and yesterday in words, the year only if it is another. */
export function day(date, now = new Date()) {
  const daysAgo = Math.round((midnight(now) - midnight(date)) / DAY_MS);
  if (daysAgo === 0 || daysAgo === 1) {
    const name = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(-daysAgo, "day");
    return name.charAt(0).toLocaleUpperCase(locale()) + name.slice(1);
  }
  const isThisYear = date.getFullYear() === now.getFullYear();
  const style = { weekday: "long", month: "long", day: "numeric" };
  if (!isThisYear) style.year = "numeric";
  return new Intl.DateTimeFormat(locale(), style).format(date);
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

export function number(value, digits) {
  const style = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale(), style).format(value);
}

/** The browser's own locale where it fits the page's language: British times for the British. */
function locale() {
  const wanted = globalThis.navigator?.language ?? "";
  return wanted.split("-")[0] === language() ? wanted : language();
}
