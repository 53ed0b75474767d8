import assert from "node:assert/strict";
import { test } from "node:test";

import { hashTo, placeIn } from "../../static/js/address.js";
import { clamp, placeOf, placesOf, stretchesOf, timeAt } from "../../static/js/bar.js";
import { LIVE_KEYS, keyOf } from "../../static/js/keys.js";
import { PLAYBACK_KEYS, PLAYER_KEYS } from "../../static/js/playback_keys.js";
import { reach } from "../../static/js/picture_steps.js";
import { SPEEDS, isTooFast, nextSpeed } from "../../static/js/speeds.js";
import english from "../../static/js/words_playback_en.js";
import japanese from "../../static/js/words_playback_ja.js";

test("an address leads to a recording and a time in it", () => {
  assert.deepEqual(placeIn("#recording=cat.mp4&t=12"), { name: "cat.mp4", at_s: 12 });
  assert.deepEqual(placeIn("#t=3.5&recording=my%20cat.mp4"), { name: "my cat.mp4", at_s: 3.5 });
  for (const hash of ["#recording=a.mp4", "#recording=a.mp4&t=", "#recording=a.mp4&t=-4", "#recording=a.mp4&t=x", "#recording=a.mp4&t=1e12"]) {
    assert.deepEqual(placeIn(hash), { name: "a.mp4", at_s: 0 }, hash);
  }
  for (const hash of ["", "#", "#recording=", "#invitation=x", "#t=5"]) {
    assert.equal(placeIn(hash), null, hash);
  }
});

test("what else stands in an address stays there", () => {
  assert.equal(hashTo("#day=2026-11-30", { name: "a b.mp4", at_s: 12.4 }), "#day=2026-11-30&recording=a%20b.mp4&t=12");
  assert.equal(hashTo("#day=2026-11-30&recording=a.mp4&t=12", null), "#day=2026-11-30");
  assert.equal(hashTo("#recording=a.mp4&t=12", null), "");
  assert.equal(hashTo("", { name: "a.mp4", at_s: 0 }), "#recording=a.mp4");
  const place = { name: "ä&=#.mp4", at_s: 7 };
  assert.deepEqual(placeIn(hashTo("#x=1", place)), place);
});

test("the pointer's place on the bar is a time, and the other way round", () => {
  assert.equal(timeAt(150, 100, 200, 60), 15);
  assert.equal(timeAt(0, 100, 200, 60), 0);
  assert.equal(timeAt(999, 100, 200, 60), 60);
  assert.equal(timeAt(150, 100, 0, 60), 0, "a bar that is not shown");
  assert.equal(placeOf(15, 60), 0.25);
  assert.equal(placeOf(99, 60), 1);
  assert.equal(placeOf(5, 0), 0, "before the length is known");
});

test("stretches are shown as far as they can be seen", () => {
  const ranges = { length: 2, start: (i) => [0, 30][i], end: (i) => [10, 45][i] };
  assert.deepEqual(stretchesOf(ranges), [{ from: 0, to: 10 }, { from: 30, to: 45 }]);
  assert.deepEqual(placesOf(stretchesOf(ranges), 60), [{ from: 0, to: 1 / 6 }, { from: 0.5, to: 0.75 }]);
  assert.deepEqual(placesOf([{ from: 70, to: 80 }, { from: 3, to: 3 }], 60), []);
});

test("a value that can't be between two bounds is the lower one", () => {
  assert.equal(clamp(5, 0, 3), 3);
  assert.equal(clamp(5, 8, 3), 8);
});

test("speeds go up and down and end at the browsers' limits", () => {
  const up = [0.5];
  for (let n = 0; n < 8; n += 1) up.push(nextSpeed(up.at(-1), 1));
  assert.deepEqual([...new Set(up)], SPEEDS);
  assert.equal(nextSpeed(16, 1), 16);
  assert.equal(nextSpeed(0.5, -1), 0.5);
  assert.equal(nextSpeed(3, -1), 2, "one that was set elsewhere");
});

test("a device can't keep up if much less was shown than should", () => {
  assert.equal(isTooFast(16, 2 * 12.3, 2), true, "as measured on two cores");
  assert.equal(isTooFast(8, 2 * 7.9, 2), false);
  assert.equal(isTooFast(1, 0.5, 2), false, "a slow network");
});

test("the next picture is looked for further and further away", () => {
  const looks = Array.from({ length: 24 }, (_, n) => reach(n));
  assert.deepEqual(looks.slice(0, 4), [1, 2, 3, 4]);
  assert.ok(looks.every((look, n) => n === 0 || look > looks[n - 1]));
  assert.ok(looks.at(-1) / 60 > 10, "over a gap of ten seconds");
});

const press = (key, table = PLAYBACK_KEYS, on = "") => keyOf({ key }, table, on);

test("a key does one thing", () => {
  for (const table of [PLAYBACK_KEYS, LIVE_KEYS, [...LIVE_KEYS, ...PLAYER_KEYS]]) {
    const all = table.flatMap(({ keys }) => keys);
    assert.equal(new Set(all).size, all.length);
  }
  assert.equal(press(" ").action, "toggle");
  assert.equal(press("K").action, "toggle");
  assert.deepEqual([press("j").value, press("l").value], [-10, 10]);
  assert.deepEqual([press(",").value, press(".").value], [-1, 1]);
  assert.deepEqual([press("<").action, press(">").value], ["speed", 1]);
  assert.deepEqual([press("Home").value, press("End").value, press("7").value], [0, 1, 0.7]);
  assert.equal(press("Escape").action, "leave");
  assert.equal(press("Tab"), null);
});

test("the browser's own keys, and those of a control, stay theirs", () => {
  assert.equal(keyOf({ key: "l", ctrlKey: true }, PLAYBACK_KEYS), null);
  assert.equal(keyOf({ key: "f", metaKey: true }, PLAYBACK_KEYS), null);
  assert.equal(press(" ", PLAYBACK_KEYS, "button"), null);
  assert.equal(press("k", PLAYBACK_KEYS, "button").action, "toggle");
  for (const key of ["ArrowLeft", "1", " "]) assert.equal(press(key, PLAYBACK_KEYS, "choice"), null);
  assert.equal(press("Escape", PLAYBACK_KEYS, "choice").action, "leave");
});

test("the sheet has words for each key, in both languages", () => {
  for (const words of [english, japanese]) {
    for (const { text } of [...PLAYBACK_KEYS, ...LIVE_KEYS, ...PLAYER_KEYS]) assert.ok(words[text], text);
  }
  assert.deepEqual(Object.keys(english), Object.keys(japanese));
});
