import assert from "node:assert/strict";
import { test } from "node:test";

import { needsSocket, whyJoinersWait } from "../../static/js/camera.js";

test("B pictures and recovery points are for a WebSocket", () => {
  for (const camera of [{ b_pictures: true, entry: "idr" }, { entry: "recovery_point" }]) {
    assert.equal(needsSocket({ camera }), true);
  }
  const others = [{ b_pictures: false, entry: "idr" }, { entry: "gradual_refresh" }, { entry: null }];
  for (const camera of others) assert.equal(needsSocket({ camera }), false);
  assert.equal(needsSocket({}), false, "an older server");
});

test("why who joins waits is one of the reasons, wherever it stands", () => {
  const reasons = ["the disk is full", "no picture to begin with for 40 s"];
  for (const code of ["no_entry_point", "gradual_refresh"]) {
    const why = whyJoinersWait({ reasons, reason_codes: ["disk_full", code] });
    assert.deepEqual(why, { code, words: reasons[1] });
  }
  assert.equal(whyJoinersWait({ reasons, reason_codes: ["disk_full", "recovery_points"] }), null);
  assert.equal(whyJoinersWait({}), null);
});
