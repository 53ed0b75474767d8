/** What `/health` says about the camera, in words for a person. Pure. */

import { rate, resolution } from "./format.js";
import { reasonText, text } from "./i18n.js";

const SOCKETLESS = ["no_websockets", "too_few_threads"];

/** No pictures that can be shown come from the camera, whatever the connection is like. */
export function isCameraDown({ status, camera = {} }) {
  const isDown = ["offline", "waiting", "stalled", "unusable", "paused"].includes(camera.state);
  return status === "camera_offline" || isDown;
}

/** Nobody is to see anything now, whatever the camera does. */
function isCameraPaused({ camera = {} }) {
  return camera.state === "paused";
}

/** A text of the server's, or `paused`, for which there are words. */
export function whyDown(health) {
  return isCameraPaused(health) ? "paused" : (reasonsOf(health)[0] ?? "");
}

/** Browsers play what the camera sends now over a WebSocket, but not over WebRTC. */
export function needsSocket({ camera = {} }) {
  return camera.b_pictures === true || camera.entry === "recovery_point";
}

const OPEN_TO_ALL = "open_to_all";
const JOINERS_WAIT = ["no_entry_point", "gradual_refresh"];

/** Why who joins now has to wait, though the camera is live; "" if nobody has to. */
export function whyJoinersWait({ reasons = [], reason_codes: codes = [] }) {
  const found = codes.findIndex((code) => JOINERS_WAIT.includes(code));
  return found < 0 ? "" : reasonText(codes[found], reasons[found]);
}

/** Why this server keeps no WebSocket open: `{code, words}`, or null if it does not say. */
export function whyNoSocket(health) {
  const { reasons = [], reason_codes: codes = [], notices = [], notice_codes: more = [] } = health;
  const told = [...codes, ...more].map((code, i) => ({ code, words: [...reasons, ...notices][i] }));
  return told.find(({ code }) => SOCKETLESS.includes(code)) ?? null;
}

/** Whether nobody decides who may do what, and others than this machine have asked. */
function isOpenToAll({ notice_codes: codes = [] }) {
  return codes.includes(OPEN_TO_ALL);
}

/** The reasons of a health answer, in the page's language. */
export function reasonsOf({ reasons = [], reason_codes: codes = [] }) {
  return reasons.map((words, i) => reasonText(codes[i], words));
}

/**
 * `{level, headline, details}` of a health answer; `level` is `ok`, `warn` or `bad`, `details` a
 * list of short phrases, those that the server gave something to say for.
 */
export function describeHealth(health) {
  const { status, camera = {}, webrtc_clients: viewers } = health;
  let level = "ok";
  let headline = text("health.live");
  if (isCameraPaused(health)) {
    level = "warn";
    headline = text("health.paused");
    return { level, headline, details: reasonsOf(health) };
  }
  if (isCameraDown(health)) {
    level = "bad";
    const isThere = ["waiting", "unusable"].includes(camera.state);
    headline = text(isThere ? `health.${camera.state}` : "health.offline");
  } else if (status !== "ok") {
    level = "warn";
    headline = text("health.degraded");
  }
  const details = level === "ok" ? [] : reasonsOf(health);
  if (level !== "bad") {
    if (camera.width) details.push(resolution(camera.width, camera.height));
    if (camera.fps > 0) details.push(rate(camera.fps));
  }
  if (isOpenToAll(health)) {
    if (level === "ok") level = "warn";
    details.push(reasonText(OPEN_TO_ALL, health.notices[health.notice_codes.indexOf(OPEN_TO_ALL)]));
  }
  if (viewers !== undefined) details.push(text("health.viewers", { count: viewers }));
  return { level, headline, details };
}
