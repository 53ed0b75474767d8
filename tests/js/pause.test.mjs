import assert from "node:assert/strict";
import { test } from "node:test";

import { whyDown } from "../../static/js/camera.js";
import { setLanguage } from "../../static/js/i18n.js";
import { healthOf } from "../../static/js/health_answers.js";
import { wordsOf } from "../../static/js/pause.js";

await setLanguage("en");

test("a pause is told, with its end where there is one", () => {
  assert.equal(wordsOf({ paused: false, ends_at: null }), "");
  assert.match(wordsOf({ paused: true, ends_at: null }), /^Paused: nobody sees/);
  assert.match(wordsOf({ paused: true, ends_at: "2026-12-01T07:05:00+00:00" }), /^Paused until .*05/);
});

test("a pushed state tells it like a health answer", () => {
  const pause = { paused: true, cause: "hand", ends_at: null };
  assert.deepEqual(healthOf({ pause, viewers: 1 }).pause, pause);
});

test("players have words of their own for a pause", () => {
  const reasons = ["no picture"];
  const paused = whyDown({ camera: { state: "paused" }, reasons, reason_codes: ["disk_full"] });
  assert.deepEqual(paused, { code: "paused", words: "" });
  const stalled = whyDown({ camera: { state: "stalled" }, reasons, reason_codes: ["stalled"] });
  assert.deepEqual(stalled, { code: "stalled", words: "no picture" });
  assert.deepEqual(whyDown({}), { code: "", words: "" });
});
