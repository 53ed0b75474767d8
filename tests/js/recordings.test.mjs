import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document ??= { title: "" }; // the panels belong to a page; these functions do not

const { byDay, diskUse, startOf } = await import("../../static/js/recordings.js");
const { phaseOf } = await import("../../static/js/recorder.js");
const { setLanguage } = await import("../../static/js/i18n.js");

await setLanguage("en");

const at = (...parts) => new Date(...parts).getTime() / 1000;
const now = new Date(2026, 10, 22, 12);

test("recordings stand by day, newest first, whatever the server's order", () => {
  const recordings = [
    { name: "a", started_at: at(2026, 10, 21, 8) },
    { name: "b", started_at: at(2026, 10, 22, 9) },
    { name: "c", started_at: at(2026, 10, 21, 22) },
    { name: "d" },
  ];
  const groups = byDay(recordings, now).map(({ title, recordings: those }) => [
    title,
    those.map(({ name }) => name).join(""),
  ]);
  assert.deepEqual(groups, [
    ["Today", "b"],
    ["Yesterday", "ca"],
    ["–", "d"],
  ]);
});

test("the start is read as epoch seconds or RFC 3339", () => {
  assert.equal(startOf({ started_at: 1_700_000_000 }).toISOString(), "2023-11-14T22:13:20.000Z");
  assert.equal(startOf({ started_at: "2023-11-14T22:13:20Z" }).getTime(), 1_700_000_000_000);
  assert.equal(startOf({ started_at: null }), null);
  assert.equal(startOf({}), null);
});

test("the disk's bar warns before it is full", () => {
  assert.equal(diskUse(undefined), null);
  assert.equal(diskUse({ free_bytes: 0, size_bytes: 0 }), null);
  assert.deepEqual(diskUse({ free_bytes: 75, size_bytes: 100 }), { used: 0.25, level: "ok" });
  assert.equal(diskUse({ free_bytes: 10, size_bytes: 100 }).level, "warn");
  assert.deepEqual(diskUse({ free_bytes: 0, size_bytes: 100 }), { used: 1, level: "bad" });
});

const PHASES = [
  [{ recording: false, frame_count: 90 }, "idle"],
  [{ recording: true, frame_count: 0 }, "waiting"],
  [{ recording: true, frame_count: 0, waiting: false }, "recording"],
  [{ recording: true, frame_count: 5, waiting: true }, "waiting"],
  [{ recording: true, frame_count: 5 }, "recording"],
];

for (const [status, phase] of PHASES) {
  test(`${JSON.stringify(status)} is ${phase}`, () => assert.equal(phaseOf(status), phase));
}
