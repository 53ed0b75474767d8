import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document ??= { title: "" }; // the panels belong to a page; these functions do not

const { RecordingPages } = await import("../../static/js/recording_pages.js");
const { asOfNow, byDay, diskUse, doubtIn } = await import("../../static/js/recording.js");
const { setLanguage } = await import("../../static/js/i18n.js");
const { setZone } = await import("../../static/js/zone.js");

await setLanguage("en");

const at = (text) => Date.parse(text) / 1000;

test("recordings stand by the camera's day, newest first, whatever the server's order", () => {
  setZone("Asia/Tokyo");
  const recordings = [
    { name: "a", started_at: at("2026-11-20T23:00:00Z") },
    { name: "b", started_at: at("2026-11-21T15:00:00Z") },
    { name: "c", started_at: at("2026-11-21T14:59:59Z") },
  ];
  const groups = byDay(recordings).map(({ day, recordings: those }) => [
    day,
    those.map(({ name }) => name).join(""),
  ]);
  assert.deepEqual(groups, [
    ["2026-11-22", "b"],
    ["2026-11-21", "ca"],
  ]);
});

test("a recording that runs is as long as the recorder says, not as the list said then", () => {
  const running = { name: "cat.mp4", state: "recording", duration_s: 1, size_bytes: 5 };
  const status = { filename: "cat.mp4", duration_ms: 7_900, bytes_written: 99 };
  const now = asOfNow(running, status);
  assert.deepEqual([now.duration_s, now.size_bytes], [7, 99]);
  for (const other of [null, { ...status, filename: "dog.mp4" }]) {
    assert.equal(asOfNow(running, other), running);
  }
  const complete = { ...running, state: "complete" };
  assert.equal(asOfNow(complete, status), complete);
});

const LINK = { isOnline: true, trouble: "" };
const DOUBTS = [
  ["pictures come", { recording: true, receiving: true }, LINK, ""],
  ["no pictures come", { recording: true, receiving: false, waiting: false }, LINK, "silent"],
  ["it waits for the first picture", { recording: true, receiving: false, waiting: true }, LINK, ""],
  ["an older server does not say", { recording: true }, LINK, ""],
  ["nothing is known yet", null, LINK, ""],
  ["the server is gone", { recording: true, receiving: true }, { ...LINK, trouble: "server" }, "unknown"],
];

for (const [when, recording, link, doubt] of DOUBTS) {
  test(`whether a recording really runs, when ${when}: ${doubt || "yes"}`, () => {
    assert.equal(doubtIn({ link, recording }), doubt);
  });
}

/** A server with so many recordings, newest first; `asked` tells what it was asked for. */
class ListingApi {
  constructor(count) {
    this.names = Array.from({ length: count }, (_, index) => `r${count - index}`);
    this.revision = 1;
    this.asked = [];
  }

  async recordings(offset, limit) {
    this.asked.push([offset, limit]);
    const recordings = this.names.slice(offset, offset + limit).map((name) => ({ name }));
    return { recordings, total: this.names.length, revision: this.revision };
  }
}

const namesOf = (pages) => pages.rows.map(({ name }) => name);

test("older recordings come page by page, each asked for once while nothing changes", async () => {
  const api = new ListingApi(75);
  const pages = new RecordingPages(api);
  for (const count of [30, 60, 75]) {
    await pages.load();
    assert.deepEqual(namesOf(pages), api.names.slice(0, count));
    assert.equal(pages.hasMore, count < 75);
    pages.wantMore();
  }
  const newest = [0, 30];
  assert.deepEqual(api.asked, [newest, newest, [30, 30], newest, [60, 30]]);
});

test("what is shown is asked for again when the list is another", async () => {
  const api = new ListingApi(300);
  const pages = new RecordingPages(api);
  for (let times = 0; times < 9; times += 1) {
    await pages.load();
    pages.wantMore();
  }
  await pages.load();
  assert.equal(pages.rows.length, 300);
  api.names.splice(200, 1);
  api.names.unshift("new");
  api.revision = 2;
  api.asked = [];
  await pages.load();
  assert.deepEqual(namesOf(pages), api.names);
  assert.deepEqual(api.asked, [[0, 30], [30, 200], [230, 70]]);
});

test("a list that changes while it is fetched has nothing twice, and is fetched again", async () => {
  const api = new ListingApi(50);
  const pages = new RecordingPages(api);
  await pages.load();
  pages.wantMore();
  const { recordings } = api;
  api.recordings = async (offset, limit) => {
    const answer = await recordings.call(api, offset, limit);
    if (!offset) {
      api.names.unshift("new");
      api.revision += 1;
      api.recordings = recordings;
    }
    return answer;
  };
  await pages.load();
  assert.equal(new Set(namesOf(pages)).size, pages.rows.length);
  await pages.load();
  assert.deepEqual(namesOf(pages), api.names);
});

test("what is known stays when the server does not answer", async () => {
  const api = new ListingApi(40);
  const pages = new RecordingPages(api);
  await pages.load();
  api.recordings = async () => Promise.reject(new Error("no answer"));
  await assert.rejects(pages.load());
  assert.equal(pages.rows.length, 30);
});

test("the disk's bar warns before it is full", () => {
  assert.equal(diskUse(undefined), null);
  assert.equal(diskUse({ free_bytes: 0, size_bytes: 0 }), null);
  assert.deepEqual(diskUse({ free_bytes: 75, size_bytes: 100 }), { used: 0.25, level: "ok" });
  assert.equal(diskUse({ free_bytes: 10, size_bytes: 100 }).level, "warn");
  assert.deepEqual(diskUse({ free_bytes: 0, size_bytes: 100 }), { used: 1, level: "bad" });
});
