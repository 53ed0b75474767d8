import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { afterEach, test } from "node:test";

import { isCameraDown } from "../../static/js/camera.js";
import { describeHealth } from "../../static/js/health.js";
import { pace, reasonText, setLanguage, text } from "../../static/js/i18n.js";
import { choose } from "../../static/js/language.js";
import { State } from "../../static/js/state.js";
import accountEn from "../../static/js/words_account_en.js";
import accountJa from "../../static/js/words_account_ja.js";
import dayEn from "../../static/js/words_day_en.js";
import dayJa from "../../static/js/words_day_ja.js";
import settingsEn from "../../static/js/words_settings_en.js";
import settingsJa from "../../static/js/words_settings_ja.js";
import warningsEn from "../../static/js/words_warnings_en.js";
import warningsJa from "../../static/js/words_warnings_ja.js";
import playbackEn from "../../static/js/words_playback_en.js";
import playbackJa from "../../static/js/words_playback_ja.js";
import pageEn from "../../static/js/words_en.js";
import pageJa from "../../static/js/words_ja.js";

const en = { ...pageEn, ...accountEn, ...dayEn, ...settingsEn, ...warningsEn, ...playbackEn };
const ja = { ...pageJa, ...accountJa, ...dayJa, ...settingsJa, ...warningsJa, ...playbackJa };

await setLanguage("en");
afterEach(() => setLanguage("en"));

test("the first wanted language that there is wins, English otherwise", () => {
  assert.equal(choose(["fr-FR", "ja-JP", "en"]), "ja");
  assert.equal(choose(["EN-gb", "ja"]), "en");
  assert.equal(choose(["fr"]), "en");
  assert.equal(choose([]), "en");
});

test("counts choose the plural, values are filled in", async () => {
  assert.equal(text("health.viewers", { count: 1 }), "1 viewer");
  assert.equal(text("health.viewers", { count: 0 }), "0 viewers");
  assert.equal(text("health.viewers", { count: 12345 }), "12,345 viewers");
  await setLanguage("ja");
  assert.equal(text("health.viewers", { count: 1 }), "視聴者 1 人");
});

/** The server's own words, which are English, need a translation only. */
const isOurs = ([key]) => !key.startsWith("reason.");

test("both dictionaries have the same keys and the same values to fill in", () => {
  const shape = (dictionary) =>
    Object.entries(dictionary).filter(isOurs).map(([key, entry]) => {
      const words = typeof entry === "object" ? entry.other : entry;
      return `${key} ${(words.match(/\{\w+\}/g) ?? []).sort()}`;
    });
  assert.deepEqual(shape(ja).sort(), shape(en).sort());
});

test("the server's reasons are told in the page's language, unknown ones as they are", async () => {
  const told = [
    ["disk_full", "the disk is full"],
    ["recording.disk_full", "The last recording ended: the disk is full"],
    ["route_conflict", "POST /a is answered by b"],
    ["a_new_one", "something new"],
    ["recording.a_new_one", "The last recording ended: something new"],
    [undefined, "from an old server"],
  ];
  for (const [code, words] of told) assert.equal(reasonText(code, words), words);
  await setLanguage("ja");
  assert.deepEqual(
    told.map(([code, words]) => reasonText(code, words)),
    [
      "ディスクがいっぱいです",
      "前回の録画が終了しました: ディスクがいっぱいです",
      "ホストと重複する経路があります: POST /a is answered by b",
      "something new",
      "The last recording ended: something new",
      "from an old server",
    ],
  );
});

test("every reason that the server gives has a Japanese text", () => {
  const root = new URL("../../pet_stream/", import.meta.url);
  const folders = ["", "ingest/", "pause/", "recording/", "web/"];
  const read = (folder) =>
    readdirSync(new URL(folder, root))
      .filter((name) => name.endsWith(".py"))
      .map((name) => readFileSync(new URL(folder + name, root), "utf8"));
  const source = folders.flatMap(read).join("");
  const codes = [...source.matchAll(/\bReason\(\s*"(\w+)"/g)].map(([, code]) => code);
  assert.ok(codes.length > 15);
  for (const code of codes) assert.ok(`reason.${code}` in ja, code);
});

test("every text that page and scripts ask for exists", () => {
  const root = new URL("../../", import.meta.url);
  const scripts = readdirSync(new URL("static/js/", root)).map((name) => `static/js/${name}`);
  const page = "templates/pet_stream/dashboard.html";
  const read = (path) => readFileSync(new URL(path, root), "utf8");
  const source = [...scripts, page].map(read).join("");
  const asked = [...source.matchAll(/(?:\btext\(|data-text=|data-label=)"([\w.-]+)"/g)];
  assert.ok(asked.length > 30);
  for (const [, key] of asked) assert.ok(key in ja, key);
});

test("every state of the player has a title and an explanation", () => {
  for (const state of Object.values(State)) {
    for (const part of ["title", "text"]) assert.ok(`${state}.${part}` in en, state);
  }
});

const LIVE = { state: "live", width: 1280, height: 720, fps: 29.97 };
const HEALTH = [
  [
    { status: "ok", camera: LIVE, webrtc_clients: 2, reasons: [] },
    {
      level: "ok",
      headline: "Camera live",
      details: "1280 × 720 · 30 fps · 2 viewers",
      down: false,
    },
  ],
  [
    { status: "camera_offline", camera: { state: "stalled" }, reasons: ["no new picture for 3 s"] },
    { level: "bad", headline: "Camera offline", details: "no new picture for 3 s", down: true },
  ],
  [
    {
      status: "camera_offline",
      camera: { state: "unusable" },
      reasons: ["pictures come, but can't be used: they are H.265, not H.264"],
      reason_codes: ["unusable_format"],
    },
    {
      level: "bad",
      headline: "Camera's pictures can't be used",
      details: "pictures come, but can't be used: they are H.265, not H.264",
      down: true,
    },
  ],
  [
    { status: "ok", camera: { state: "paused", width: 1280, height: 720, fps: 30 }, reasons: [] },
    { level: "warn", headline: "Camera paused", details: "", down: true },
  ],
  [
    { status: "degraded", camera: { state: "waiting" }, reasons: ["waiting for the first IDR"] },
    {
      level: "bad",
      headline: "Camera is starting",
      details: "waiting for the first IDR",
      down: true,
    },
  ],
  [
    { status: "degraded", camera: LIVE, reasons: ["The last recording ended: disk full"] },
    {
      level: "warn",
      headline: "Running with problems",
      details: "The last recording ended: disk full · 1280 × 720 · 30 fps",
      down: false,
    },
  ],
  [
    { status: "ok", webrtc_clients: 0, recording: false, has_headers: true },
    { level: "ok", headline: "Camera live", details: "0 viewers", down: false },
  ],
];

for (const [health, { level, headline, details, down }] of HEALTH) {
  test(`health is told in words: ${headline} · ${details}`, () => {
    const described = describeHealth(health);
    assert.equal(described.level, level);
    assert.equal(described.headline, headline);
    assert.equal(described.details.join(" · ").replaceAll("\u00a0", " "), details);
    assert.equal(isCameraDown(health), down);
  });
}

test("a camera that is open to all is shown as that, also where all else is well", () => {
  const health = {
    status: "ok",
    camera: { state: "live" },
    notices: ["Any name", "Everybody can watch"],
    notice_codes: ["any_host", "open_to_all"],
  };
  const { level, details } = describeHealth(health);
  assert.equal(level, "warn");
  assert.deepEqual(details, ["Everybody can watch"]);
});

test("how many pictures a slow connection brings is told as it is", async () => {
  const told = [30, 2.1, 1.1, 0.5, 0.27].map(pace);
  assert.deepEqual(told, [
    "30 pictures a second: slow connection",
    "Two pictures a second: slow connection",
    "One picture a second: slow connection",
    "A picture every 2 seconds: slow connection",
    "A picture every 4 seconds: slow connection",
  ]);
  await setLanguage("ja");
  assert.equal(pace(2.1), "接続が遅いため、1 秒に 2 コマで表示中");
});
