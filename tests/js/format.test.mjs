import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { bytes, day, duration, isoDuration, rate } from "../../static/js/format.js";
import { setLanguage } from "../../static/js/i18n.js";

await setLanguage("en");
afterEach(() => setLanguage("en"));

const plain = (words) => words.replaceAll("\u00a0", " ");

const SIZES = [
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [9949, "9.9 kB"],
  [9950, "10 kB"],
  [999_400, "999 kB"],
  [999_600, "1.0 MB"],
  [3_420_000, "3.4 MB"],
  [12_345_678_901, "12 GB"],
  [4e15, "4,000 TB"],
];

for (const [count, words] of SIZES) {
  test(`${count} bytes are ${words}`, () => assert.equal(plain(bytes(count)), words));
}

const DURATIONS = [
  [0, "0:00", "PT0H0M0S"],
  [7.9, "0:07", "PT0H0M7S"],
  [760, "12:40", "PT0H12M40S"],
  [3723, "1:02:03", "PT1H2M3S"],
  [-1, "0:00", "PT0H0M0S"],
];

for (const [seconds, words, iso] of DURATIONS) {
  test(`${seconds} s are ${words}`, () => {
    assert.equal(duration(seconds), words);
    assert.equal(isoDuration(seconds), iso);
  });
}

test("a rate shows a digit only where it says something", () => {
  assert.deepEqual([29.97, 30, 1.93, 2.01].map(rate).map(plain), [
    "30 fps",
    "30 fps",
    "1.9 fps",
    "2 fps",
  ]);
});

const now = new Date(2026, 10, 22, 0, 5);
const DAYS = [
  [new Date(2026, 10, 22, 0, 1), "Today", "今日"],
  [new Date(2026, 10, 21, 23, 59), "Yesterday", "昨日"],
  [new Date(2026, 10, 9), "Monday, November 9", "11月9日月曜日"],
  [new Date(2025, 11, 24), "Wednesday, December 24, 2025", "2025年12月24日水曜日"],
];

for (const [date, english, japanese] of DAYS) {
  test(`${date.toDateString()} is called ${english}`, async () => {
    assert.equal(day(date, now), english);
    await setLanguage("ja");
    assert.equal(day(date, now), japanese);
  });
}
