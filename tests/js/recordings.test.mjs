import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document ??= { title: "" }; // the panels belong to a page; these functions do not

const { RecordingPages } = await import("../../static/js/recording_pages.js");
const { byDay, diskUse } = await import("../../static/js/recordings.js");
const { setLanguage } = await import("../../static/js/i18n.js");

await setLanguage("en");

const at = (...parts) => new Date(...parts).getTime() / 1000;
const now = new Date(2026, 10, 22, 12);

test("recordings stand by day, newest first, whatever the server's order", () => {
  const recordings = [
    { name: "a", started_at: at(2026, 10, 21, 8) },
    { name: "b", started_at: at(2026, 10, 22, 9) },
    { name: "c", started_at: at(2026, 10, 21, 22) },
  ];
  const groups = byDay(recordings, now).map(({ title, recordings: those }) => [
    title,
    those.map(({ name }) => name).join(""),
  ]);
  assert.deepEqual(groups, [
    ["Today", "b"],
    ["Yesterday", "ca"],
  ]);
});

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
