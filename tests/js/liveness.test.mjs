import assert from "node:assert/strict";
import { test } from "node:test";

import { Liveness, STALL_MS } from "../../static/js/liveness.js";

function watched(intervalMs, count = 20) {
  const liveness = new Liveness(0);
  for (let i = 0; i < count; i += 1) liveness.picture(i * intervalMs);
  return { liveness, last: (count - 1) * intervalMs };
}

test("a 30 fps camera is stalled after two seconds without a picture", () => {
  const { liveness, last } = watched(33);
  assert.equal(liveness.isStalled(last + STALL_MS), false);
  assert.equal(liveness.isStalled(last + STALL_MS + 1), true);
});

test("a slow camera gets four of its intervals", () => {
  const { liveness, last } = watched(1000);
  assert.equal(liveness.isStalled(last + 3500), false);
  assert.equal(liveness.isStalled(last + 4100), true);
});

test("the first two pictures of a very slow camera tell its rate", () => {
  const { liveness, last } = watched(2400, 2);
  assert.equal(liveness.isStalled(last + 2500), false);
});

test("one long gap does not make a fast camera slow", () => {
  const { liveness, last } = watched(33);
  liveness.picture(last + 60_000);
  for (let i = 1; i <= 10; i += 1) liveness.picture(last + 60_000 + i * 33);
  assert.equal(liveness.limitMs(last + 61_000), STALL_MS);
});

test("time that nobody could see does not count", () => {
  const { liveness, last } = watched(33);
  liveness.restart(last + 3_600_000);
  assert.equal(liveness.isStalled(last + 3_600_000 + 1000), false);
  assert.equal(liveness.isStalled(last + 3_600_000 + 2001), true);
});

test("without a first picture nothing flows, though nothing is late yet", () => {
  const liveness = new Liveness(0);
  assert.equal(liveness.isFlowing(100), false);
  liveness.picture(200);
  assert.equal(liveness.isFlowing(300), true);
  assert.equal(liveness.isFlowing(200 + STALL_MS + 1), false);
});

test("another try has no picture yet, but knows the camera's rate", () => {
  const { liveness } = watched(2000);
  liveness.begin(100_000);
  assert.equal(liveness.isFlowing(100_001), false);
  liveness.picture(100_500);
  assert.equal(liveness.isStalled(100_500 + 7_900), false);
  assert.equal(liveness.isStalled(100_500 + 8_100), true);
});

test("the server's word for the rate counts until pictures tell it", () => {
  const liveness = new Liveness(0);
  liveness.expect(undefined, 0);
  liveness.picture(0);
  assert.equal(liveness.isStalled(2_001), true);
  liveness.expect(0.5, 0);
  assert.equal(liveness.isStalled(7_900), false);
  assert.equal(liveness.isStalled(8_100), true);
});

test("a GOP that comes at once does not make a slow camera fast", () => {
  const liveness = new Liveness(0);
  liveness.expect(0.5, 0);
  for (let i = 0; i < 12; i += 1) liveness.picture(100 + i * 10);
  assert.equal(liveness.isStalled(210 + 2_500), false);
});

test("a slow camera that has become fast is stalled after two seconds, whatever was told before", () => {
  const liveness = new Liveness(0);
  liveness.expect(1, 0);
  for (let now = 0; now <= 10_000; now += 33) liveness.picture(now);
  assert.equal(liveness.isStalled(12_100), true);
});

test("a camera of one picture in ten seconds is live", () => {
  const liveness = new Liveness(0);
  liveness.expect(0.1, 0);
  for (let now = 0; now <= 300_000; now += 10_000) {
    assert.equal(liveness.isStalled(now), false);
    liveness.picture(now);
  }
  assert.equal(liveness.isStalled(340_100), true);
});

test("where the server is known to be gone, a picture counts for less", () => {
  const { liveness, last } = watched(33);
  assert.equal(liveness.isStalled(last + 400, 500), false);
  assert.equal(liveness.isStalled(last + 501, 500), true);
  assert.equal(liveness.leftMs(last + 400, 500), 100);
  const slow = watched(1000);
  assert.equal(slow.liveness.isStalled(slow.last + 1_200, 500), false, "none was due yet");
  assert.equal(slow.liveness.isStalled(slow.last + 1_300, 500), true);
});
