import assert from "node:assert/strict";
import { test } from "node:test";

import { addWords, setLanguage, text } from "../../static/js/i18n.js";
import { timeOf } from "../../static/js/warnings.js";

await setLanguage("en");

test("a warning has its day and its time, to the second", () => {
  const now = new Date(2026, 10, 30, 18, 0);
  const at = (day) => new Date(2026, 10, day, 14, 3, 9).getTime() / 1000;
  assert.match(timeOf({ at: at(30) }, now), /^Today .*03:09/);
  assert.match(timeOf({ at: at(29) }, now), /^Yesterday .*03:09/);
  assert.match(timeOf({ at: at(3) }, now), /November 3 .*03:09/);
});

test("its words are loaded when they are needed", async () => {
  await setLanguage("en");
  assert.equal(text("warnings.title", { count: 2 }), "warnings.title");
  await addWords("warnings");
  assert.equal(text("warnings.title", { count: 1 }), "1 warning of the server");
  assert.equal(text("warnings.title", { count: 50 }), "50 warnings of the server");
  await setLanguage("ja");
  await addWords("warnings");
  assert.equal(text("warnings.title", { count: 3 }), "サーバーの警告 3 件");
});
