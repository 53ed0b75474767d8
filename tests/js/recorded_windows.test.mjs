import assert from "node:assert/strict";
import { test } from "node:test";

import { AGAIN_MS, RecordedWindows, WINDOW_S } from "../../static/js/recorded_windows.js";

const answer = (updates, complete = true) => ({ complete, classes: ["cat", "dog"], updates });
const at = (windows, timeS) => windows.boxesAt(timeS).map(({ name, x }) => [name, Math.round(x)]);

test("its own window is asked for first, then the next, and no more", () => {
  const windows = new RecordedWindows();
  assert.deepEqual(windows.wanted(10, 0), { number: 0, fromS: 0, toS: WINDOW_S + 1 });
  windows.add(0, answer([]), 0);
  const next = windows.wanted(10, 0);
  assert.deepEqual(next, { number: 1, fromS: WINDOW_S - 1, toS: 2 * WINDOW_S + 1 });
  assert.ok(next.toS - next.fromS <= 60, "the server's limit");
  windows.add(1, answer([]), 0);
  assert.equal(windows.wanted(10, 1e9), null);
  assert.equal(windows.wanted(WINDOW_S + 10, 0).number, 2);
});

test("after a jump the window there is asked for, and far ones are forgotten", () => {
  const windows = new RecordedWindows();
  windows.add(0, answer([[0, [0, 90, 1, 2, 3, 4]]]), 0);
  windows.add(1, answer([]), 0);
  assert.equal(windows.wanted(1000, 0).number, 20);
  windows.add(20, answer([]), 0);
  assert.deepEqual(at(windows, 0), []);
  assert.equal(windows.wanted(0, 0).number, 0);
});

test("a box is where it was seen, and on its way in between", () => {
  const windows = new RecordedWindows();
  const updates = [
    [1000, [0, 91, 10, 20, 30, 40], [1, 50, 500, 20, 30, 40]],
    [1100, [0, 91, 30, 20, 30, 40], [1, 50, 500, 20, 30, 40]],
    [1133],
  ];
  windows.add(0, answer(updates), 0);
  assert.deepEqual(at(windows, 0.9), []);
  assert.deepEqual(windows.boxesAt(1)[0], {
    name: "cat",
    confidence: 0.91,
    x: 10,
    y: 20,
    width: 30,
    height: 40,
  });
  assert.deepEqual(at(windows, 1.05), [
    ["cat", 20],
    ["dog", 500],
  ]);
  assert.deepEqual(at(windows, 1.1333), []);
});

test("a box crosses the border of two windows", () => {
  const before = [1000 * WINDOW_S - 20, [0, 90, 100, 0, 30, 30]];
  const after = [1000 * WINDOW_S + 20, [0, 90, 140, 0, 30, 30]];
  const windows = new RecordedWindows();
  windows.add(0, answer([before, after]), 0); // each window has the margins
  windows.add(1, answer([before, after]), 0);
  const places = [-20, -10, 0, 10, 20].map((ms) => at(windows, WINDOW_S + ms / 1000)[0][1]);
  assert.deepEqual(places, [100, 110, 120, 130, 140]);
});

test("what could not be had is asked for again, not at once, and what was there stays", () => {
  const windows = new RecordedWindows();
  windows.add(0, null, 1000);
  windows.add(1, answer([]), 1000);
  assert.deepEqual(at(windows, 0), []);
  assert.equal(windows.wanted(0, 1000 + AGAIN_MS - 1), null);
  assert.equal(windows.wanted(0, 1000 + AGAIN_MS).number, 0);
  windows.add(0, answer([[0, [0, 90, 1, 2, 3, 4]]], false), 7000);
  windows.add(0, null, 13000);
  assert.deepEqual(at(windows, 0), [["cat", 1]]);
});

test("of a recording that runs it asks again for the newest", () => {
  const windows = new RecordedWindows();
  windows.add(0, answer([[0]], false), 0);
  windows.add(1, answer([], false), 0);
  assert.equal(windows.wanted(0, AGAIN_MS - 1), null);
  assert.equal(windows.wanted(0, AGAIN_MS).number, 0);
});
