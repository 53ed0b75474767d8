import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import {
  bytes,
  clock,
  day,
  duration,
  isoDuration,
  lengthInWords,
  moment,
  rate,
  zoneHint,
} from "../../static/js/format.js";
import { setLanguage } from "../../static/js/i18n.js";
import { setZone } from "../../static/js/zone.js";

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
  [new Date(2026, 10, 9), "Monday, November 9", "11月9日(月)"],
  [new Date(2025, 11, 24), "Wednesday, December 24, 2025", "2025年12月24日(水)"],
];

for (const [date, english, japanese] of DAYS) {
  test(`${date.toDateString()} is called ${english}`, async () => {
    assert.equal(day(date, now), english);
    await setLanguage("ja");
    assert.equal(day(date, now), japanese);
  });
}

const LENGTHS = [
  [0.4, "0 s", "0 秒"],
  [12, "12 s", "12 秒"],
  [119, "119 s", "119 秒"],
  [125, "2 min", "2 分"],
  [3600, "1 h", "1 時間"],
  [7500, "2 h 5 min", "2 時間 5 分"],
];

for (const [seconds, english, japanese] of LENGTHS) {
  test(`a length of ${seconds} s is told as ${english}`, async () => {
    assert.equal(lengthInWords(seconds), english);
    await setLanguage("ja");
    assert.equal(lengthInWords(seconds), japanese);
  });
}

// the last: the zone stays set

test("times are the camera's, and say so where that is not the viewer's", async () => {
  const night = new Date("2026-11-22T18:51:01Z");
  const later = new Date("2026-11-22T20:00:00Z");
  setZone("Asia/Tokyo");
  assert.equal(clock(night, { seconds: true }), "3:51:01 AM");
  assert.equal(moment(night, later), "Today, 3:51:01 AM");
  const isTokyo = night.getTimezoneOffset() === -540;
  assert.equal(zoneHint(night), isTokyo ? "" : "camera's time, UTC+9");
  await setLanguage("ja");
  assert.equal(moment(night, later), "今日 3:51:01");
  setZone("+05:30");
  assert.equal(moment(night, later), "今日 0:21:01");
  setZone("-03:30");
  assert.equal(moment(night, later), "今日 15:21:01");
  assert.equal(zoneHint(night), "カメラの時刻（UTC−3:30）");
});
