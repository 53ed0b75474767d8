import assert from "node:assert/strict";
import { test } from "node:test";

import {
  SHORTEST_S,
  columns,
  endOf,
  goalAt,
  keyStep,
  panned,
  recorded,
  scaleOf,
  showing,
  spanAt,
  whatIsAt,
  zoomed,
} from "../../static/js/day_geometry.js";

const HOUR = 3600;
const day = { from: 0, to: 24 * HOUR };
const span = (name, from, to, more = {}) => ({ name: `${name}.mp4`, from, to, ...more });

test("a zoom keeps the place that is pointed at, from the day to a minute and back", () => {
  const at = 18 * HOUR;
  let view = day;
  const place = () => (at - view.from) / (view.to - view.from);
  while (view.to - view.from > SHORTEST_S) {
    view = zoomed(view, day, 0.5, at);
    assert.ok(Math.abs(place() - 0.75) < 1e-9);
  }
  assert.equal(view.to - view.from, SHORTEST_S);
  for (let times = 0; times < 12; times += 1) view = zoomed(view, day, 2, at);
  assert.deepEqual(view, day);
});

test("what was between two fingers is between them, wherever they have gone", () => {
  const view = zoomed(day, day, 0.25, 12 * HOUR, 0.25);
  assert.deepEqual(view, { from: 10.5 * HOUR, to: 16.5 * HOUR });
});

test("no view leaves the day", () => {
  const view = { from: HOUR, to: 2 * HOUR };
  assert.deepEqual(panned(view, day, -2 * HOUR), { from: 0, to: HOUR });
  assert.deepEqual(panned(view, day, 30 * HOUR), { from: 23 * HOUR, to: 24 * HOUR });
  assert.deepEqual(panned(day, day, 5), day);
  assert.deepEqual(zoomed({ from: 0, to: HOUR }, day, 2, HOUR), { from: 0, to: 2 * HOUR });
});

test("a view goes on as little as it takes to show a time", () => {
  const view = { from: HOUR, to: 2 * HOUR };
  assert.equal(showing(view, day, 1.5 * HOUR), view);
  assert.deepEqual(showing(view, day, 2 * HOUR + 60), { from: HOUR + 60, to: 2 * HOUR + 60 });
  assert.deepEqual(showing(view, day, HOUR - 60), { from: HOUR - 60, to: 2 * HOUR - 60 });
});

const DRAWN = [
  ["one", [[10, 20]], [[10, 10]]],
  ["what is closer than a pixel is one", [[10, 20], [20.9, 30]], [[10, 20]]],
  ["a pixel keeps two apart", [[10, 20], [21, 30]], [[10, 10], [21, 9]]],
  ["one within another", [[10, 30], [12, 15], [29, 31]], [[10, 21]]],
  ["a short one can be seen", [[50, 50.01]], [[50, 2]]],
  ["short ones in a row are one", [[50, 50.01], [51, 51.01], [52, 52.01]], [[50, 4]]],
  ["what lies over the edges is cut off", [[-50, 3], [98, 150]], [[0, 3], [98, 2]]],
  ["what lies outside is not there", [[-50, -1], [101, 150]], []],
];

for (const [name, stretches, expected] of DRAWN) {
  test(`drawn: ${name}`, () => {
    assert.deepEqual(columns(stretches, { from: 0, to: 100 }, 100), expected);
  });
}

test("ten thousand recordings are never more columns than the strip has pixels", () => {
  const stretches = Array.from({ length: 10_000 }, (_, n) => [n * 8.64, n * 8.64 + 5]);
  assert.ok(columns(stretches, day, 1000).length <= 1000);
  const close = columns(stretches, { from: 0, to: 60 }, 1000);
  assert.equal(close.length, 7);
});

test("gaps have no pictures, and what is being made has them until now", () => {
  const spans = [
    span("a", 0, 100, { gaps: [[10, 20], [90, 100]] }),
    span("b", 50, null, { gaps: [[50, 55]] }),
  ];
  assert.deepEqual(recorded(spans, 70), [[0, 10], [20, 90], [55, 70], [100, 100]]);
  assert.equal(endOf(span("c", 80, null), 70), 80); // a clock that is behind
});

test("the scale has round times of the camera's clock, as many as have room", () => {
  assert.deepEqual(scaleOf(day, 24, () => 0).times.length, 25);
  const few = scaleOf(day, 6, () => 0);
  assert.deepEqual([few.step / HOUR, few.times.map((at) => at / HOUR)], [4, [0, 4, 8, 12, 16, 20, 24]]);
  const kolkata = scaleOf({ from: 0, to: 6 * HOUR }, 6, () => 5.5 * HOUR);
  assert.deepEqual(kolkata.times.map((at) => at / HOUR), [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]);
  const minute = scaleOf({ from: 7, to: 67 }, 8, () => 0);
  assert.deepEqual(minute, { step: 10, times: [10, 20, 30, 40, 50, 60] });
});

test("the scale of a day whose clock is set back has that hour twice", () => {
  const long = { from: 0, to: 25 * HOUR };
  const aheadOf = (at) => (at < 3 * HOUR ? 2 * HOUR : HOUR); // begins at 2:00 here, for short
  const times = scaleOf(long, 13, aheadOf).times.map((at) => (at + aheadOf(at)) / HOUR);
  assert.deepEqual(times.slice(0, 4), [2, 4, 4, 6]);
});

test("keys move by round steps, finer the closer one looks", () => {
  assert.equal(keyStep(day), 1800);
  assert.equal(keyStep({ from: 0, to: HOUR }), 120);
  assert.equal(keyStep({ from: 0, to: 60 }), 2);
});

const night = [
  span("a", 100, 200, { gaps: [[150, 160]] }),
  span("clip", 120, 130, { clip: true }),
  span("b", 200, 300),
  { name: "raw.h264", from: 350, to: 380 },
  span("c", 400, null, { state: "recording" }),
];
const NOW = 500;

const GOALS = [
  ["in a recording", 110, 0, "a", 10],
  ["in a recording with a clip of it", 125, 0, "a", 25],
  ["in a gap: where pictures go on", 155, 0, "a", 60],
  ["where one file goes on in the next", 200, 0, "b", 0],
  ["in a hole: the next", 320, 0, "c", 0],
  ["close behind one: that one", 305, 10, "b", 0],
  ["close before one", 95, 10, "a", 0],
  ["what no browser plays is passed over", 360, 0, "c", 0],
  ["in the one that is being made", 450, 0, "c", 50],
  ["before all of them", 1, 0, "a", 0],
];

for (const [where, at, reach, name, atS] of GOALS) {
  test(`pointed at ${where}`, () => {
    const goal = goalAt(night, at, reach, NOW);
    assert.deepEqual([goal.name, goal.at_s], [`${name}.mp4`, atS]);
    assert.equal(goal.is_running, name === "c");
    assert.equal(goal.started_at, night.find((one) => one.name === goal.name).from);
  });
}

test("after all of them there is nothing to play", () => {
  assert.equal(goalAt(night.slice(0, 3), 301, 0, NOW), null);
  assert.equal(goalAt([], 1, 10, NOW), null);
});

test("a clip that outlasts its recording's file is played where nothing else is", () => {
  assert.equal(spanAt([span("clip", 10, 20, { clip: true })], 15, NOW).name, "clip.mp4");
  assert.equal(spanAt(night, 310, NOW), null);
});

test("what there is at a time has a word", () => {
  const kept = [span("kept", 0, 50, { starred: true }), ...night];
  const words = [10, 60, 155, 205, 320, 450, 500, 900].map((at) => whatIsAt(kept, at, NOW));
  assert.deepEqual(words, [
    ...["kept", "nothing", "gap", "recorded", "nothing", "running"],
    ...["live", "live"],
  ]);
});
