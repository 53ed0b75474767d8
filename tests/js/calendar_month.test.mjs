import assert from "node:assert/strict";
import { test } from "node:test";

import { dayByKey, monthAfter, weeksOf } from "../../static/js/calendar_month.js";

const numbers = (weeks) => weeks.map((week) => week.map((day) => (day ? Number(day.slice(8)) : 0)));

test("a month is whole weeks, from whichever day weeks begin on", () => {
  assert.deepEqual(numbers(weeksOf("2026-11", 1)), [
    [0, 0, 0, 0, 0, 0, 1],
    [2, 3, 4, 5, 6, 7, 8],
    [9, 10, 11, 12, 13, 14, 15],
    [16, 17, 18, 19, 20, 21, 22],
    [23, 24, 25, 26, 27, 28, 29],
    [30, 0, 0, 0, 0, 0, 0],
  ]);
  assert.deepEqual(numbers(weeksOf("2026-11", 7))[0], [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(weeksOf("2027-02", 1).length, 4);
  assert.deepEqual(weeksOf("2028-02", 7).flat().filter(Boolean).length, 29);
});

test("months are counted over years", () => {
  assert.equal(monthAfter("2026-12", 1), "2027-01");
  assert.equal(monthAfter("2026-01", -1), "2025-12");
});

const KEYS = [
  ["ArrowLeft", "2026-11-01", "2026-10-31"],
  ["ArrowRight", "2026-11-30", "2026-12-01"],
  ["ArrowUp", "2026-11-03", "2026-10-27"],
  ["ArrowDown", "2026-12-31", "2027-01-07"],
  ["Home", "2026-11-04", "2026-11-02"],
  ["End", "2026-11-04", "2026-11-08"],
  ["PageUp", "2026-03-31", "2026-02-28"],
  ["PageDown", "2026-12-15", "2027-01-15"],
  ["PageDown", "2026-08-31", "2026-09-30"],
  ["x", "2026-11-01", null],
];

for (const [key, from, to] of KEYS) {
  test(`${key} leads from ${from} to ${to}`, () => assert.equal(dayByKey(key, from, 1), to));
}
