/** Everything that a viewer can be in; exactly one at a time, and each is shown. */
export const State = Object.freeze({
  CONNECTING: "connecting",
  LIVE: "live",
  CAMERA_OFFLINE: "camera-offline",
  RECONNECTING: "reconnecting",
  FULL: "full",
  NOT_ALLOWED: "not-allowed",
  UNSUPPORTED: "unsupported",
  BLOCKED: "blocked",
  PAUSED: "paused",
  CLOSED: "closed",
});
