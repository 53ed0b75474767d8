/** What the recorder does, and what became of a recording, in words. Pure. */

import { bytes, clock, duration, lengthInWords } from "./format.js";
import { reasonText, text } from "./i18n.js";

/**
 * @typedef {"unknown" | "idle" | "starting" | "waiting" | "recording" | "silent" | "stopping"} Phase
 *   `waiting`: no picture has come yet; `silent`: some came, and now none do.
 * @typedef {{words: string, isBad?: boolean}} Said
 * @typedef {object} Interrupted a recording that the server's last run left in the middle
 * @property {string} filename
 * @property {"crash" | "shut_down"} cause
 * @property {number} broke_off_at
 * @property {string | null} saved_as
 * @property {string | null} resumed_as
 * @property {string | null} [not_resumed]
 * @property {string | null} [not_resumed_code]
 */

/** Less is not worth a word. */
const MISSING_LEAST_MS = 1_000;

/**
 * @param {any} status of the recorder
 * @returns {Phase}
 */
export function phaseOf({ recording, waiting, receiving = true, frame_count: frames = 0 }) {
  if (!recording) return "idle";
  if (waiting ?? frames === 0) return "waiting";
  return receiving ? "recording" : "silent";
}

/**
 * The line below the headline.
 * @param {Phase} phase
 * @param {any} status
 */
export function noteOf(phase, status) {
  const { filename = "", note, note_code: noteCode } = status ?? {};
  if (phase === "starting") return "";
  if (phase === "stopping") return filename;
  if (phase !== "recording") return text(`record.${phase}.note`);
  if (note) return reasonText(noteCode, note);
  return prerollOf(status) || filename;
}

/** When a recording began before somebody wanted it. */
function prerollOf({ preroll_ms: ms = 0, preroll_reason: reason, preroll_code: code }) {
  if (reason) return reasonText(code, reason);
  const seconds = Math.round(ms / 1000);
  return seconds > 0 ? text("record.preroll", { time: lengthInWords(seconds) }) : "";
}

/**
 * What became of a recording that has ended.
 * @param {any} status its last one
 * @returns {Said}
 */
export function endOf({ stop_reason: why, stop_code: code, failed, ...status }) {
  if (why) {
    return { words: text("record.ended", { reason: reasonText(code, why) }), isBad: failed ?? true };
  }
  const { duration_ms: ms, bytes_written: size } = status;
  const words = text("record.saved", { duration: duration(ms / 1000), size: bytes(size) });
  const missing = missingOf(status);
  return { words: [words, missing].filter(Boolean).join(" "), isBad: missing !== "" };
}

function missingOf({ missing_ms: ms = 0, gap_count: count = 1 }) {
  if (ms < MISSING_LEAST_MS) return "";
  return text("record.missing", { time: lengthInWords(ms / 1000), count: Math.max(1, count) });
}

/**
 * What others have done, or the server, between two statuses: composes what is said; null: nothing.
 * @returns {(() => Said) | null}
 */
export function newsOf(before, status) {
  const isSame = before.recording_id === status.recording_id;
  if (isSame && before.recording === status.recording) return null;
  if (before.recording && !isSame) {
    return () => ({ words: text("record.broke-off", { name: before.filename }), isBad: true });
  }
  if (status.recording) return () => ({ words: text("record.elsewhere") });
  return before.recording ? () => endOf(status) : null;
}

/** Which interruption it is; "" without one. */
export function nameOf(interrupted) {
  return interrupted ? `${interrupted.filename} ${interrupted.broke_off_at}` : "";
}

/**
 * What happened to a recording in whose middle the server ended.
 * @param {Interrupted} interrupted
 */
export function interruptedWords(interrupted) {
  const { filename: name, cause, broke_off_at: at, saved_as: saved, resumed_as: next } = interrupted;
  const time = clock(new Date(at * 1000));
  const sentences = [text(`record.interrupted.${cause}`, { name, time })];
  if (saved) sentences.push(text("record.interrupted.saved", { name: saved }));
  else sentences.push(text("record.interrupted.nothing"));
  const { not_resumed: why, not_resumed_code: code = "" } = interrupted;
  if (next) sentences.push(text("record.interrupted.resumed", { name: next }));
  else if (why && code !== "resume_off") {
    sentences.push(text("record.interrupted.ended", { reason: reasonText(code ?? "", why) }));
  }
  return sentences.join(" ");
}
