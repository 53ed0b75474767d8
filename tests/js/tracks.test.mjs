import assert from "node:assert/strict";
import { test } from "node:test";

import { HOLD_US, Sightings } from "../../static/js/tracks.js";

const seen = (captureUs, ...boxes) => ({
  capture_us: captureUs,
  rtp_timestamp: Math.round((captureUs * 9) / 100) % 2 ** 32,
  detections: boxes.map(([name, x, y, w = 40, h = 20]) => ({
    class_name: name,
    confidence: 0.9,
    bbox: { x, y, w, h },
  })),
});
const at = (sightings, timeUs) => sightings.boxesAt(timeUs).map(({ name, x, y }) => [name, x, y]);
function sightingsOf(...messages) {
  const sightings = new Sightings();
  for (const message of messages) sightings.add(message);
  return sightings;
}

test("a picture has the boxes that were seen in it", () => {
  const sightings = sightingsOf(seen(1e6, ["cat", 10, 20]), seen(1.1e6, ["cat", 30, 20]));
  assert.deepEqual(at(sightings, 1e6), [["cat", 10, 20]]);
  assert.deepEqual(at(sightings, 1.1e6), [["cat", 30, 20]]);
});

test("between two sightings a box is on its way from the one to the other", () => {
  const sightings = sightingsOf(seen(1e6, ["cat", 10, 20]), seen(1.1e6, ["cat", 30, 40]));
  assert.deepEqual(at(sightings, 1.05e6), [["cat", 20, 30]]);
});

test("after the newest sighting it goes on as it last moved, but not far", () => {
  const sightings = sightingsOf(seen(1e6, ["cat", 10, 20]), seen(1.1e6, ["cat", 30, 20]));
  assert.deepEqual(at(sightings, 1.2e6), [["cat", 50, 20]]);
  assert.deepEqual(at(sightings, 1.4e6), [["cat", 90, 20]]);
  assert.deepEqual(at(sightings, 1.1e6 + HOLD_US), [["cat", 90, 20]]);
});

test("a box that comes after its picture was shown is moved to the present one", () => {
  const sightings = sightingsOf(seen(1e6, ["cat", 0, 0]));
  assert.deepEqual(at(sightings, 1.2e6), [["cat", 0, 0]]);
  sightings.add(seen(1.1e6, ["cat", 10, 0]));
  assert.deepEqual(at(sightings, 1.2e6), [["cat", 20, 0]]);
});

test("a picture from before anything was seen has no boxes", () => {
  assert.deepEqual(at(sightingsOf(seen(1e6, ["cat", 10, 20])), 0.9e6), []);
});

test("boxes are held for half a second and no longer", () => {
  const sightings = sightingsOf(seen(1e6, ["cat", 10, 20]));
  assert.equal(at(sightings, 1e6 + HOLD_US).length, 1);
  assert.deepEqual(at(sightings, 1e6 + HOLD_US + 1), []);
});

test("nothing seen takes the boxes away at once", () => {
  const sightings = sightingsOf(seen(1e6, ["cat", 10, 20]), seen(1.1e6));
  assert.equal(at(sightings, 1.09e6).length, 1);
  assert.deepEqual(at(sightings, 1.1e6), []);
});

test("two of a class do not change places, and other classes do not matter", () => {
  const sightings = sightingsOf(
    seen(1e6, ["cat", 0, 0], ["cat", 100, 0], ["dog", 10, 0]),
    seen(1.1e6, ["cat", 110, 0], ["dog", 10, 0], ["cat", 10, 0]),
  );
  const places = at(sightings, 1.05e6).map(([name, x]) => `${name} ${x}`);
  assert.deepEqual(places.sort(), ["cat 105", "cat 5", "dog 10"]);
});

test("what flies is the same thing some of its lengths further on", () => {
  const sightings = sightingsOf(seen(1e6, ["ball", 0, 0]), seen(1.1e6, ["ball", 100, 0]));
  assert.deepEqual(at(sightings, 1.05e6), [["ball", 50, 0]]);
  assert.deepEqual(at(sightings, 1.15e6), [["ball", 150, 0]]);
});

test("a thing that is far away is another one", () => {
  const sightings = sightingsOf(seen(1e6, ["cat", 0, 0]), seen(1.1e6, ["cat", 500, 0]));
  assert.deepEqual(at(sightings, 1.2e6), [["cat", 500, 0]]);
});

test("a picture is known by its RTP timestamp too, also across the wrap", () => {
  const wrapUs = Math.ceil((2 ** 32 * 100) / 9);
  const sightings = sightingsOf(seen(wrapUs - 20_000, ["cat", 0, 0]));
  const timeUs = sightings.captureTimeOf({ rtpTimestamp: 1800 });
  assert.ok(Math.abs(timeUs - (wrapUs + 20_000)) < 20, `${timeUs - wrapUs}`);
  assert.equal(sightings.captureTimeOf({ captureUs: 5 }), 5);
  assert.equal(new Sightings().captureTimeOf({ rtpTimestamp: 1800 }), null);
});

test("a picture that the browser tells nothing about is as old as the quickest boxes", () => {
  const sightings = new Sightings();
  assert.equal(sightings.captureTimeOf({}, 5e6), null);
  sightings.add(seen(1e6, ["cat", 0, 0]), 5.09e6);
  sightings.add(seen(1.1e6, ["cat", 10, 0]), 5.14e6);
  assert.equal(sightings.captureTimeOf({}, 5.2e6), 1.16e6);
  const lastUs = 1.1e6 + HOLD_US - 1.16e6;
  assert.equal(at(sightings, sightings.captureTimeOf({}, 5.2e6 + lastUs)).length, 1);
  assert.deepEqual(at(sightings, sightings.captureTimeOf({}, 5.2e6 + lastUs + 1)), []);
});

test("late and repeated messages fall into their place", () => {
  const sightings = sightingsOf(
    seen(1.2e6, ["cat", 40, 0]),
    seen(1e6, ["cat", 0, 0]),
    seen(1.2e6, ["cat", 20, 0]),
  );
  assert.deepEqual(at(sightings, 1.1e6), [["cat", 10, 0]]);
});

test("boxes without a size or a place are left out", () => {
  const message = seen(1e6, ["cat", 0, 0, 0, 5], ["cat", NaN, 0], ["dog", 1, 2]);
  message.detections.push({ class_name: "bird", confidence: 1 });
  assert.deepEqual(at(sightingsOf(message), 1e6), [["dog", 1, 2]]);
});
