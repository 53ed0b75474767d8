/** Where the recordings of a day lie on its strip, and what a place on the strip means. Pure. */

/**
 * A recording of the day, as the server tells it; times are epoch seconds. `to` is null while it is
 * being made; `gaps` are places without pictures.
 *
 * @typedef {{name: string, from: number, to: number | null, starred?: boolean, state?: string,
 *   clip?: boolean, gaps?: [number, number][]}} Span
 *
 * A stretch of time: the day, or what is in view of it.
 * @typedef {{from: number, to: number}} Stretch
 *
 * What to play: the recording, from so many seconds after its beginning.
 * @typedef {{name: string, at_s: number, started_at: number, is_running: boolean}} Goal
 */

/** The closest look. */
export const SHORTEST_S = 60;
/** A recording is never narrower on the strip, px. */
const NARROWEST = 2;
/** Steps between two labels of the scale, seconds. */
const STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200,
];
/** Time zones differ by quarters of an hour. */
const QUARTER_S = 900;

/**
 * The view after a zoom: `factor` below 1 is closer. `at` keeps its place on the strip, or gets
 * another (from 0 to 1).
 *
 * @param {Stretch} view
 * @param {Stretch} day
 * @param {number} factor
 * @param {number} at
 * @param {number} [place]
 * @returns {Stretch}
 */
export function zoomed(view, day, factor, at, place = (at - view.from) / (view.to - view.from)) {
  const wanted = (view.to - view.from) * factor;
  const length = Math.min(day.to - day.from, Math.max(SHORTEST_S, wanted));
  const from = at - place * length;
  return within({ from, to: from + length }, day);
}

/**
 * The view so many seconds later, or earlier.
 *
 * @param {Stretch} view
 * @param {Stretch} day
 * @param {number} seconds
 */
export function panned(view, day, seconds) {
  return within({ from: view.from + seconds, to: view.to + seconds }, day);
}

/**
 * The view that shows `at`: as it is, or as little further as it takes.
 *
 * @param {Stretch} view
 * @param {Stretch} day
 * @param {number} at
 */
export function showing(view, day, at) {
  if (at < view.from) return panned(view, day, at - view.from);
  if (at > view.to) return panned(view, day, at - view.to);
  return view;
}

/**
 * The view moved, but not made longer or shorter, until it lies in the day.
 *
 * @param {Stretch} view
 * @param {Stretch} day
 * @returns {Stretch}
 */
function within({ from, to }, day) {
  const begin = Math.max(day.from, Math.min(from, day.to - (to - from)));
  return { from: begin, to: Math.min(day.to, begin + (to - from)) };
}

/**
 * When a recording ends; one that is being made, now.
 *
 * @param {Span} span
 * @param {number} now
 */
export function endOf({ from, to }, now) {
  return to ?? Math.max(from, now);
}

/**
 * Draws stretches of time: `[x, width]` in pixels, left to right. Those that a pixel does not keep
 * apart are one, so there are never more than the strip is wide.
 *
 * @param {[number, number][]} stretches sorted by their beginning
 * @param {Stretch} view
 * @param {number} width of the strip, px
 * @returns {[number, number][]}
 */
export function columns(stretches, view, width) {
  const scale = width / (view.to - view.from);
  /** @type {[number, number][]} */
  const made = [];
  let end = -Infinity;
  for (const [from, to] of stretches) {
    if (to < view.from || from > view.to) continue;
    const x = Math.max(0, (from - view.from) * scale);
    const until = Math.min(width, Math.max((to - view.from) * scale, x + NARROWEST));
    const last = made[made.length - 1];
    if (last && x - end < 1) {
      if (until <= end) continue;
      last[1] = until - last[0];
    } else {
      made.push([x, until - x]);
    }
    end = until;
  }
  return made;
}

/**
 * The stretches of time that have pictures: spans without their gaps.
 *
 * @param {Span[]} spans
 * @param {number} now
 * @returns {[number, number][]} sorted by their beginning
 */
export function recorded(spans, now) {
  /** @type {[number, number][]} */
  const made = [];
  for (const span of spans) {
    let { from } = span;
    for (const [gapFrom, gapTo] of span.gaps ?? []) {
      if (gapFrom > from) made.push([from, gapFrom]);
      from = Math.max(from, gapTo);
    }
    const to = endOf(span, now);
    if (to >= from) made.push([from, to]);
  }
  return made.sort((a, b) => a[0] - b[0]);
}

/**
 * Where the scale has its labels, epoch seconds: round times of the camera's clock.
 *
 * @param {Stretch} view
 * @param {number} most so many have room
 * @param {(at: number) => number} aheadOf by how many seconds the camera's clock is ahead of UTC
 * @returns {{step: number, times: number[]}}
 */
export function scaleOf(view, most, aheadOf) {
  const length = view.to - view.from;
  const step = STEPS.find((one) => length / one <= most) ?? STEPS[STEPS.length - 1];
  const unit = Math.min(step, QUARTER_S);
  const ahead = aheadOf(view.from);
  const times = [];
  for (let at = Math.ceil((view.from + ahead) / unit) * unit - ahead; at <= view.to; at += unit) {
    if ((at + aheadOf(at)) % step === 0) times.push(at);
  }
  return { step, times };
}

/**
 * How far a key moves on the strip: about a fiftieth of what is in view, in round numbers.
 *
 * @param {Stretch} view
 */
export function keyStep(view) {
  const wanted = (view.to - view.from) / 50;
  return STEPS.find((step) => step >= wanted) ?? QUARTER_S;
}

/**
 * What is played where somebody points: the recording there, or one within `reach`; in a hole, the
 * next one. Null: nothing was recorded there or later.
 *
 * @param {Span[]} spans sorted by their beginning
 * @param {number} at
 * @param {number} reach seconds
 * @param {number} now
 * @returns {Goal | null}
 */
export function goalAt(spans, at, reach, now) {
  const those = spans.filter(canPlay);
  const there = spanAt(those, at, now);
  if (there) {
    const [, picturesFrom] = there.gaps?.find(([from, to]) => from <= at && at < to) ?? [];
    return goal(there, (picturesFrom ?? at) - there.from);
  }
  const distance = (/** @type {Span} */ span) => (span.from > at ? span.from - at : at - endOf(span, now));
  /** @type {Span | null} */
  let close = null;
  for (const span of those) {
    if (distance(span) <= reach && (!close || distance(span) < distance(close))) close = span;
  }
  close ??= those.find(({ from }) => from > at) ?? null;
  return close && goal(close, 0);
}

/**
 * The recording that has pictures of that time: a whole one rather than a clip of it, the one
 * begun last of several.
 *
 * @param {Span[]} spans
 * @param {number} at
 * @param {number} now
 * @returns {Span | null}
 */
export function spanAt(spans, at, now) {
  /** @type {Span | null} */
  let found = null;
  for (const span of spans) {
    if (span.from > at) break;
    if (at <= endOf(span, now) && (!span.clip || !found || found.clip)) found = span;
  }
  return found;
}

/**
 * What there is at a time: `live` (now, or not yet), `nothing`, `gap`, `running`, `kept` or
 * `recorded`.
 *
 * @param {Span[]} spans
 * @param {number} at
 * @param {number} now
 */
export function whatIsAt(spans, at, now) {
  if (at >= now - 1) return "live";
  const span = spanAt(spans, at, now);
  if (!span) return "nothing";
  if (span.gaps?.some(([from, to]) => from <= at && at < to)) return "gap";
  if (span.state === "recording") return "running";
  return span.starred ? "kept" : "recorded";
}

/** No browser plays raw H.264. @param {Span} span */
export function canPlay({ name }) {
  return !name.endsWith(".h264");
}

/**
 * @param {Span} span
 * @param {number} seconds
 * @returns {Goal}
 */
function goal({ name, from, state }, seconds) {
  return { name, at_s: Math.max(0, seconds), started_at: from, is_running: state === "recording" };
}
