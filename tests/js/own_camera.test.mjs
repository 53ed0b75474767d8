import assert from "node:assert/strict";
import { test } from "node:test";

import { healthFor, isInactive } from "../../static/js/own_camera.js";

const health = {
  status: "camera_offline",
  detections: true,
  camera: { state: "stalled", reason: "no new picture for 3 s", fps: 30, active: "day" },
};

test("nobody who watches the active camera is told anything else", () => {
  assert.equal(healthFor("", health), health);
  assert.equal(isInactive("", health), false);
});

test("of a camera that is not active its pictures tell how it is, two a second", () => {
  assert.equal(isInactive("night", health), true);
  const told = healthFor("night", health);
  assert.equal(told.status, "ok");
  assert.deepEqual([told.camera.state, told.camera.reason, told.camera.fps], ["live", "", 2]);
});

test("of one that is active health tells it", () => {
  assert.equal(isInactive("day", health), false);
  assert.equal(healthFor("day", health).camera.state, "stalled");
});

test("what the detector sees is the active camera's", () => {
  assert.equal(healthFor("day", health).detections, false);
  assert.equal(healthFor("night", health).detections, false);
});

test("before anything is known of it nothing is claimed", () => {
  assert.equal(isInactive("night", { camera: { active: null } }), false);
  assert.equal(isInactive("night", {}), false);
  assert.equal(isInactive("night", null), false);
});
