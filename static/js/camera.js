/** What `/health` says about the camera: what it means for a viewer, and why. Pure. */

import { reasonText } from "./i18n.js";

/** @typedef {Record<string, any>} Facts JSON of the server */

const SOCKETLESS = ["no_websockets", "too_few_threads"];

/**
 * No pictures that can be shown come from the camera, whatever the connection is like.
 * @param {Facts} health
 */
export function isCameraDown({ status, camera = {} }) {
  const isDown = ["offline", "waiting", "stalled", "unusable", "paused"].includes(camera.state);
  return status === "camera_offline" || isDown;
}

/**
 * Nobody is to see anything now, whatever the camera does.
 * @param {Facts} health
 */
export function isCameraPaused({ camera = {} }) {
  return camera.state === "paused";
}

/** `{code, words}`: the server's own text, or the code `paused`, which says it all. */
export function whyDown(health) {
  if (isCameraPaused(health)) return { code: "paused", words: "" };
  const { reasons: [words = ""] = [], reason_codes: [code = ""] = [] } = health;
  return { code, words };
}

/**
 * Browsers play what the camera sends now over a WebSocket, but not over WebRTC.
 * @param {Facts} health
 */
export function needsSocket({ camera = {} }) {
  return camera.b_pictures === true || camera.entry === "recovery_point";
}

const JOINERS_WAIT = ["no_entry_point", "gradual_refresh"];

/** `{code, words}` of why who joins now has to wait, though the camera is live; null if nobody has to. */
export function whyJoinersWait({ reasons = [], reason_codes: codes = [] }) {
  const found = codes.findIndex((code) => JOINERS_WAIT.includes(code));
  return found < 0 ? null : { code: codes[found], words: reasons[found] };
}

/** Why this server keeps no WebSocket open: `{code, words}`, or null if it does not say. */
export function whyNoSocket(health) {
  const { reasons = [], reason_codes: codes = [], notices = [], notice_codes: more = [] } = health;
  const told = [...codes, ...more].map((code, i) => ({ code, words: [...reasons, ...notices][i] }));
  return told.find(({ code }) => SOCKETLESS.includes(code)) ?? null;
}

/** The reasons of a health answer, in the page's language. */
export function reasonsOf({ reasons = [], reason_codes: codes = [] }) {
  return reasons.map((words, i) => reasonText(codes[i], words));
}
