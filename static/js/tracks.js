/**
 * Where detected things are in the picture on screen. Pure.
 *
 * A detector looks at every few pictures and takes its time, so most pictures have no boxes of
 * their own, and those of others often arrive when their picture has gone. Each box is therefore
 * moved to the time of the picture that it is drawn on: between two detections in a straight line
 * from the one to the other, after the newest one on in the direction it last moved in.
 *
 * @typedef {{ name: string, confidence: number, x: number, y: number, width: number, height: number }}
 *   Box in pixels of the picture
 * @typedef {{ captureUs: number, boxes: Box[] }} Sighting
 */

/** A box is shown no longer than this after the picture that it was seen in. */
export const HOLD_US = 500_000;
/** Things turn: a box is moved ahead of what was seen no further than this. */
const MAX_AHEAD_US = 300_000;
const KEPT_US = 3_000_000;
/** A thing moves no further than so many of its own lengths between two sightings. */
const REACH = 3;
/** Capture times come as 90 kHz ticks, too: half a tick and rounding are no difference. */
const TOLERANCE_US = 500;

/** What was seen lately, in the order of capture. */
export class Sightings {
  #all = [];

  /** Takes a message of `GET /api/stream/detections`, however late it comes; it came at `nowUs`. */
  add({ capture_us: captureUs, rtp_timestamp: rtpTimestamp, detections }, nowUs) {
    const boxes = boxesOf({ detections });
    const all = this.#all.filter((other) => other.captureUs !== captureUs);
    all.push({ captureUs, rtpTimestamp, boxes, delayUs: nowUs - captureUs });
    all.sort((a, b) => a.captureUs - b.captureUs);
    const newestUs = all.at(-1).captureUs;
    this.#all = all.filter((sighting) => newestUs - sighting.captureUs < KEPT_US);
  }

  clear() {
    this.#all = [];
  }

  get isEmpty() {
    return this.#all.length === 0;
  }

  /**
   * The capture time, µs, of a picture that is known by `captureUs` or by `rtpTimestamp` (90 kHz,
   * modulo 2^32, the same clock). Where the browser tells neither, a picture that is shown at `nowUs`
   * is taken to be as old as the quickest of the last boxes was. Null if nothing was seen.
   */
  captureTimeOf({ captureUs, rtpTimestamp }, nowUs) {
    if (captureUs !== undefined) return captureUs;
    const known = this.#all.at(-1);
    if (!known) return null;
    if (rtpTimestamp === undefined) return nowUs - Math.min(...this.#all.map((s) => s.delayUs));
    return known.captureUs + (((rtpTimestamp - known.rtpTimestamp) | 0) * 100) / 9;
  }

  /** The boxes of the picture captured at `timeUs`, moved to where they are in it. */
  boxesAt(timeUs) {
    return boxesAt(this.#all, timeUs);
  }
}

/** `{name, confidence, x, y, width, height}` of each thing in a message, in pixels of the picture. */
export function boxesOf({ detections = [] }) {
  return detections.map(boxOf).filter(Boolean);
}

/**
 * The boxes of the picture captured at `timeUs`, moved to where they are in it.
 * @param {Sighting[]} sightings in the order of capture
 * @param {number} timeUs
 * @returns {Box[]}
 */
export function boxesAt(sightings, timeUs) {
  const index = sightings.findLastIndex(({ captureUs }) => captureUs <= timeUs + TOLERANCE_US);
  const seen = sightings[index];
  if (!seen || timeUs - seen.captureUs > HOLD_US) return [];
  const next = sightings[index + 1];
  if (next && next.captureUs - seen.captureUs <= HOLD_US) {
    const part = (timeUs - seen.captureUs) / (next.captureUs - seen.captureUs);
    const later = match(seen.boxes, next.boxes);
    return seen.boxes.map((box) => moved(box, box, later.get(box) ?? box, part));
  }
  const previous = sightings[index - 1];
  if (!previous || seen.captureUs - previous.captureUs > HOLD_US) return seen.boxes;
  const ahead = Math.min(timeUs - seen.captureUs, MAX_AHEAD_US);
  const part = ahead / (seen.captureUs - previous.captureUs);
  const earlier = match(seen.boxes, previous.boxes);
  return seen.boxes.map((box) => moved(box, earlier.get(box) ?? box, box, part));
}

function boxOf({ class_name: name, confidence, bbox }) {
  const { x, y, w: width, h: height } = bbox ?? {};
  const isUsable = [x, y, width, height].every(Number.isFinite) && width > 0 && height > 0;
  return isUsable ? { name: String(name), confidence, x, y, width, height } : null;
}

/** Which box of `others` is the same thing: the nearest of its class, each only once. */
function match(boxes, others) {
  const pairs = [];
  for (const box of boxes) {
    for (const other of others) {
      const distance = Math.hypot(...centreDifference(box, other));
      const reach = REACH * Math.max(box.width, box.height, other.width, other.height);
      if (box.name === other.name && distance < reach) pairs.push({ box, other, distance });
    }
  }
  const found = new Map();
  const taken = new Set();
  for (const { box, other } of pairs.sort((a, b) => a.distance - b.distance)) {
    if (found.has(box) || taken.has(other)) continue;
    found.set(box, other);
    taken.add(other);
  }
  return found;
}

/** `box` with its centre moved by a `part` of the way between two centres; it keeps its size. */
function moved(box, from, to, part) {
  const [dx, dy] = centreDifference(to, from);
  return { ...box, x: box.x + dx * part, y: box.y + dy * part };
}

function centreDifference(a, b) {
  return [a.x + a.width / 2 - b.x - b.width / 2, a.y + a.height / 2 - b.y - b.height / 2];
}
