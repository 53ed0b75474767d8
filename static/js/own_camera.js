/** A player that watches one camera by name, active or not (`camera="day"` or `"night"`). Pure. */

/** Pictures a second of a camera that is not active. */
const INACTIVE_FPS = 2;

/** Whether `camera` is watched while another one is active, as far as `health` tells. */
export function isInactive(camera, health) {
  const active = health?.camera?.active;
  return Boolean(camera && active && active !== camera);
}

/**
 * The server's health, for a viewer of `camera`. It speaks of the active one: of another one only
 * its pictures tell how it is.
 */
export function healthFor(camera, health) {
  if (!camera) return health;
  const own = { ...health, detections: false }; // those are of the active camera
  if (!isInactive(camera, health)) return own;
  return {
    ...own,
    status: "ok",
    camera: { ...health.camera, state: "live", reason: "", reason_code: "", fps: INACTIVE_FPS },
  };
}
