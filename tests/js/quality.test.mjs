import assert from "node:assert/strict";
import { test } from "node:test";

import { setLanguage } from "../../static/js/i18n.js";
import { colourOf, labelOf } from "../../static/js/overlay.js";
import { snapshotName } from "../../static/js/picture_out.js";
import { describeQuality } from "../../static/js/quality.js";

await setLanguage("en");

const plain = (texts) =>
  Object.fromEntries(Object.entries(texts).map(([k, v]) => [k, v.replaceAll("\u00a0", " ")]));

const BEFORE = { framesDecoded: 100, bytes: 1_000_000, packets: 1000, packetsLost: 5 };
const NOW = {
  way: "WebRTC",
  width: 1280,
  height: 720,
  framesDecoded: 160,
  bytes: 1_500_000,
  packets: 1400,
  packetsLost: 9,
  latencyMs: 42.4,
};

test("two samples tell rate, data and loss of the time in between", () => {
  assert.deepEqual(plain(describeQuality(BEFORE, NOW, 2)), {
    picture: "1280 × 720",
    rate: "30 fps",
    data: "2,000 kbit/s",
    loss: "1.0 %",
    delay: "42 ms",
    way: "Direct (WebRTC)",
  });
});

test("what is not known yet is a dash, never a wrong number", () => {
  const first = plain(describeQuality(null, { ...NOW, latencyMs: null, width: 0 }, 0));
  assert.deepEqual(Object.values(first), ["–", "–", "–", "–", "–", "Direct (WebRTC)"]);
});

test("clocks that differ a little make no negative delay", () => {
  assert.equal(plain(describeQuality(BEFORE, { ...NOW, latencyMs: -3 }, 1)).delay, "0 ms");
});

test("the way over a WebSocket names its player", () => {
  assert.equal(describeQuality(BEFORE, { ...NOW, way: "MSE" }, 1).way, "By WebSocket (MSE)");
});

test("a class has one colour, and usual ones have different ones", () => {
  assert.equal(colourOf("potted plant"), colourOf("potted plant"));
  assert.equal(new Set(["cat", "dog", "person", "bird"].map(colourOf)).size, 4);
});

test("a label says what it is and how sure the detector is", async () => {
  assert.equal(labelOf({ name: "cat", confidence: 0.934 }), "cat 93\u00a0%");
  assert.equal(labelOf({ name: "猫又", confidence: undefined }), "猫又");
  await setLanguage("ja");
  assert.equal(labelOf({ name: "cat", confidence: 0.5 }), "猫 50\u00a0%");
  await setLanguage("en");
});

test("a snapshot is named like a recording", () => {
  assert.equal(snapshotName(new Date(2026, 0, 2, 3, 4, 5)), "snapshot_20260102_030405.png");
});
