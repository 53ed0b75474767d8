/** What the list of recordings says about one, and about all of them. Pure. */

import { linkTrouble } from "./known.js";
import { dayOf } from "./zone.js";

/**
 * A row of `GET /api/recordings`.
 *
 * @typedef {{name: string, started_at: number, state: string, format: string, starred: boolean,
 *   clip: boolean, size_bytes: number, duration_s: number | null, width: number | null,
 *   height: number | null, thumbnail: string | null, missing_s?: number | null,
 *   gaps?: {from_s: number, to_s: number}[] | null}} Recording
 */

/** @param {Recording} recording */
export function startOf({ started_at: at }) {
  return new Date(at * 1000);
}

/** @param {Pick<Recording, "state">} recording */
export function isRunning({ state }) {
  return state === "recording";
}

/** @param {Pick<Recording, "format">} recording */
export function isRaw({ format }) {
  return format === "h264";
}

/**
 * A running recording grows: its status is newer than the list.
 *
 * @param {Recording} recording
 * @param {any} status
 * @returns {Recording}
 */
export function asOfNow(recording, status) {
  if (!isRunning(recording) || status?.filename !== recording.name) return recording;
  const { duration_ms: ms, bytes_written: bytes } = status;
  return { ...recording, duration_s: Math.floor(ms / 1000), size_bytes: bytes };
}

/**
 * Whether what the list takes for running really gets pictures: `silent` if not, `unknown` without a
 * server that could tell.
 *
 * @param {import("./known.js").Snapshot} now
 * @returns {"" | "silent" | "unknown"}
 */
export function doubtIn(now) {
  if (linkTrouble(now)) return "unknown";
  const { recording, receiving, waiting } = /** @type {any} */ (now.recording ?? {});
  return recording && receiving === false && !waiting ? "silent" : "";
}

/**
 * Newest first, those of one day together.
 *
 * @template {{started_at: number}} T
 * @param {T[]} recordings
 * @returns {{day: string, recordings: T[]}[]} `day` as `2026-11-30`
 */
export function byDay(recordings) {
  /** @type {{day: string, recordings: T[]}[]} */
  const groups = [];
  for (const recording of [...recordings].sort((a, b) => b.started_at - a.started_at)) {
    const day = dayOf(recording.started_at);
    if (groups[groups.length - 1]?.day !== day) groups.push({ day, recordings: [] });
    groups[groups.length - 1].recordings.push(recording);
  }
  return groups;
}

/**
 * How full the disk is, for the bar; `used` from 0 to 1.
 *
 * @param {{free_bytes: number, size_bytes: number} | null | undefined} disk
 * @returns {{used: number, level: "ok" | "warn" | "bad"} | null}
 */
export function diskUse(disk) {
  if (!disk || !(disk.size_bytes > 0)) return null;
  const used = Math.min(1, Math.max(0, 1 - disk.free_bytes / disk.size_bytes));
  return { used, level: used > 0.95 ? "bad" : used > 0.85 ? "warn" : "ok" };
}
