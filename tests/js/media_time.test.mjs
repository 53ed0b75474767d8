import assert from "node:assert/strict";
import { test } from "node:test";

import { LONGEST_US, MediaTime } from "../../static/js/media_time.js";

const SECOND = 1_000_000;
/** A camera's own clock begins anywhere. */
const BEGIN_US = 86_400 * SECOND + 7;

const every = (intervalS, count) => new Array(count).fill(Math.round(intervalS * SECOND));

function play(intervals) {
  const clock = new MediaTime();
  let captureUs = BEGIN_US;
  const pictures = [{ captureUs, ...clock.next(captureUs) }];
  for (const interval of intervals) {
    captureUs += interval;
    pictures.push({ captureUs, ...clock.next(captureUs) });
  }
  return { clock, pictures };
}

const CAMERAS = [
  ["30 fps", every(1 / 30, 60)],
  ["2 fps", every(0.5, 10)],
  ["1 fps", every(1, 10)],
  ["0.5 fps", every(2, 10)],
  ["0.1 fps", every(10, 10)],
  ["30 fps, then 2, then 30", [...every(1 / 30, 30), ...every(0.5, 6), ...every(1 / 30, 30)]],
  ["2 fps with gaps of 5 s", [...every(0.5, 4), 5 * SECOND, ...every(0.5, 4), 5 * SECOND, SECOND]],
  ["a night without a picture", [...every(1 / 30, 5), 28_800 * SECOND, ...every(1 / 30, 5)]],
  ["uneven ones", [10_000, 150_000, 20_000, 400_000, 900_000, 33_000, 1]],
];

for (const [name, intervals] of CAMERAS) {
  test(`${name}: no picture begins after the end of the one before`, () => {
    const { pictures } = play(intervals);
    for (const [i, { time, duration }] of pictures.entries()) {
      assert.ok(Number.isInteger(time) && Number.isInteger(duration));
      assert.ok(duration > 0 && duration <= LONGEST_US);
      const before = pictures[i - 1];
      if (!before) continue;
      assert.ok(time > before.time, "in order");
      assert.ok(time <= before.time + before.duration, "no gap");
    }
  });

  test(`${name}: what is shown is known by its capture time`, () => {
    const { clock, pictures } = play(intervals);
    for (const { time, captureUs } of pictures) {
      const shown = Number((time / SECOND).toFixed(6)) * SECOND - 1; // browsers tell it in seconds
      assert.ok(Math.abs(clock.captureUsAt(shown) - captureUs) <= 2);
    }
  });
}

test("while the rate holds, times are capture times", () => {
  for (const intervals of [every(1 / 30, 30), every(0.5, 10), every(1, 10)]) {
    const { pictures } = play(intervals);
    for (const { time, captureUs } of pictures) assert.equal(time, captureUs - BEGIN_US);
  }
});

test("a picture that is not newer has no place", () => {
  const { clock } = play(every(0.5, 2));
  assert.equal(clock.next(BEGIN_US + SECOND), null);
  assert.equal(clock.next(BEGIN_US), null);
  assert.equal(clock.newest, SECOND);
  assert.equal(clock.interval, SECOND / 2);
});

test("gaps without end are forgotten if nobody asks what is shown", () => {
  const { clock, pictures } = play(every(60, 1_000));
  const { time, captureUs } = pictures.at(-1);
  assert.equal(clock.captureUsAt(time), captureUs);
});
