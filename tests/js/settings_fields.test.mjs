import assert from "node:assert/strict";
import { after, test } from "node:test";

import { addWords, setLanguage } from "../../static/js/i18n.js";

const { offersOf, SECTIONS, typedNumber, valueWords } = await import(
  "../../static/js/settings_fields.js"
);

await setLanguage("en");
await addWords("settings");
after(() => setLanguage("en"));

test("a value is told in words and in its own unit", async () => {
  const told = [
    ["keep_days", 0, "No time limit", "無期限"],
    ["keep_days", 1, "1 day", "1 日間"],
    ["keep_days", 1.5, "1.5 days", "1.5 日間"],
    ["keep_mb", 500, "500\u00a0MB", "500\u00a0MB"],
    ["keep_mb", 5000, "5\u00a0GB", "5\u00a0GB"],
    ["keep_free_mb", 0, "Nothing", "確保しない"],
    ["max_recording_minutes", 30, "30 minutes", "30 分"],
    ["max_recording_minutes", 90, "90 minutes", "90 分"],
    ["max_recording_minutes", 720, "12 hours", "12 時間"],
    ["preroll_seconds", 1, "1 second", "1 秒"],
    ["camera_name", "", "Pet camera", "ペットカメラ"],
    ["camera_name", "Küche", "Küche", "Küche"],
    ["language", "auto", "As the browser", "ブラウザーに合わせる"],
    ["language", "ja", "日本語", "日本語"],
    ["resume_recording", false, "Off", "オフ"],
    ["of_a_newer_server", 7, "7", "7"],
  ];
  for (const [name, value, words] of told) assert.equal(valueWords(name, value), words, name);
  await setLanguage("ja");
  for (const [name, value, , words] of told) assert.equal(valueWords(name, value), words, name);
  await setLanguage("en");
});

test("the value that counts is offered, wherever it comes from", () => {
  assert.deepEqual(offersOf("keep_days", 10, 0), [0, 1, 3, 7, 10, 14, 30, 90, 365]);
});

test("what is typed becomes the server's number, or nothing", () => {
  const gigabytes = { name: "keep_mb", kind: "whole", minimum: 0, maximum: 100_000_000 };
  const days = { name: "keep_days", kind: "number", minimum: 0, maximum: 36_500 };
  const other = { name: "of_a_newer_server", kind: "number" };
  const cases = [
    ["7", days, 7],
    [" 7.5 ", days, 7.5],
    ["7,5", days, 7.5],
    ["７", days, 7],
    ["2.5", gigabytes, 2500],
    ["0", gigabytes, 0],
    ["0.0004", gigabytes, null],
    ["12", other, 12],
    ["36501", days, null],
    ["-1", days, null],
    ["1e3", days, null],
    ["", days, null],
    ["seven", days, null],
    ["1.000.000", days, null],
  ];
  for (const [typed, setting, value] of cases) assert.equal(typedNumber(typed, setting), value, typed);
});

test("no setting has two places", () => {
  const all = SECTIONS.flatMap(({ settings }) => settings);
  assert.equal(new Set(all).size, all.length);
});
