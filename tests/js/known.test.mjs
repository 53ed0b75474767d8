import assert from "node:assert/strict";
import { test } from "node:test";

import { describe } from "../../static/js/health.js";
import { setLanguage } from "../../static/js/i18n.js";
import { Known, NOTHING, camerasWord, isSeen, linkTrouble } from "../../static/js/known.js";

await setLanguage("en");

const LIVE = { status: "ok", camera: { state: "live", width: 1280, height: 720, fps: 30 } };
const STALLED = {
  status: "camera_offline",
  reasons: ["no new picture for 2 s"],
  reason_codes: ["stalled"],
  camera: { state: "stalled" },
};
const RECORDING = { recording: true, filename: "cat.mp4" };

/** A store to whose clock `at(ms)` belongs. */
class Page {
  ms = 0;
  changes = 0;

  constructor() {
    this.known = new Known({ now: () => this.ms, wall: () => 1_800_000_000_000 + this.ms });
    this.known.addEventListener("change", () => (this.changes += 1));
    this.player = this.known.addPlayer();
  }

  at(ms) {
    this.ms = ms;
    return this;
  }

  is(state, reason = "") {
    this.player.tell({ state, reason });
    return this;
  }

  takes(type, fields = {}) {
    this.known.take({ type, ...fields });
    return this;
  }

  pushed(health = LIVE) {
    return this.takes("state", { health, recording: RECORDING });
  }

  get says() {
    return describe(this.known.now);
  }
}

/** A page that watches a live camera. */
const watching = () => new Page().pushed().is("live");

test("nothing is claimed before something is known", () => {
  assert.equal(new Page().says.level, "checking");
  assert.equal(camerasWord(NOTHING), null);
  assert.equal(linkTrouble(NOTHING), "");
});

test("without a word of the server nothing is claimed about the camera but what was known last", () => {
  const page = watching().is("reconnecting", "stalled").at(2_000);
  page.takes("lost", { trouble: "connection" });
  const { level, headline, details } = page.says;
  assert.deepEqual([level, headline], ["unknown", "Connection lost"]);
  assert.match(details[0], /^at .+: Camera live$/);
  assert.equal(page.known.now.isCurrent, false);
  assert.equal(camerasWord(page.known.now), null);
  page.takes("beat").is("live");
  assert.equal(page.says.headline, "Camera live", "a beat is a word: what was pushed still holds");
});

test("the cable is out: the page says so at once, whatever else failed", () => {
  const page = watching().is("reconnecting", "offline");
  page.takes("network", { isOnline: false }).takes("lost", { trouble: "connection" });
  assert.equal(linkTrouble(page.known.now), "offline");
  assert.deepEqual([page.says.level, page.says.headline], ["bad", "No network"]);
  page.takes("lost", { trouble: "server" });
  assert.equal(page.says.headline, "No network");
  page.takes("network", { isOnline: true }).pushed().is("connecting");
  assert.equal(page.says.headline, "Camera live");
});

for (const later of ["server", "connection"]) {
  test(`that the server has stopped is not replaced by "${later}", and keeps its time`, () => {
    const page = watching().is("reconnecting", "closed").takes("lost", { trouble: "closed" });
    const { since } = page.known.now.link;
    page.at(350).takes("lost", { trouble: later });
    assert.equal(linkTrouble(page.known.now), "closed");
    assert.equal(page.says.headline, "The server has stopped");
    assert.equal(page.known.now.link.since, since);
    page.known.heard();
    assert.equal(linkTrouble(page.known.now), "");
  });
}

test("the server is back: nothing is said of a trouble that is over, nor of a camera not asked yet", () => {
  const page = watching().is("reconnecting", "server").takes("unpushed");
  page.takes("lost", { trouble: "server" });
  assert.equal(page.says.headline, "Server not reachable");
  page.known.heard();
  assert.deepEqual([page.says.level, page.says.headline], ["checking", "Checking the camera"]);
  page.takes("answer", { health: LIVE }).is("connecting");
  assert.equal(page.says.headline, "Camera live");
});

test("pictures that stop are not called live until the server has looked again", () => {
  const page = watching().at(10_000).is("reconnecting", "stalled");
  assert.deepEqual([page.says.level, page.says.headline], ["warn", "The picture has stopped"]);
  page.at(10_200).takes("beat");
  assert.equal(page.says.headline, "The picture has stopped", "it may not know yet");
  page.at(10_250).pushed(STALLED);
  assert.deepEqual([page.says.level, page.says.headline], ["bad", "Camera offline"]);
});

test("a server that still calls the camera live is believed in the end: this connection has failed", () => {
  const page = watching().at(10_000).is("reconnecting", "stalled");
  page.at(10_600).takes("beat");
  assert.deepEqual(
    [page.says.level, page.says.headline],
    ["warn", "Camera live, this page is reconnecting"],
  );
  page.is("live");
  assert.deepEqual([page.says.level, page.says.headline], ["ok", "Camera live"]);
});

test("pictures are a proof: the camera is live though the server answers nothing else", () => {
  const page = watching().takes("unpushed").takes("lost", { trouble: "server" });
  assert.equal(isSeen(page.known.now), true);
  const { level, headline, details } = page.says;
  assert.deepEqual([level, headline], ["warn", "Camera live"]);
  assert.equal(details[0], "The server answers nothing else");
  page.is("reconnecting", "server");
  assert.equal(page.says.headline, "Server not reachable");
});

test("a silence without consequences for the picture is none", () => {
  const page = watching().takes("lost", { trouble: "connection" });
  assert.deepEqual([page.says.level, page.says.headline], ["ok", "Camera live"]);
});

test("the pictures of the other camera prove nothing of the active one", () => {
  const page = new Page().pushed({ ...LIVE, camera: { ...LIVE.camera, active: "day" } });
  const night = page.known.addPlayer({ camera: "night" });
  night.tell({ state: "live" });
  assert.equal(isSeen(page.known.now), false);
  assert.equal(camerasWord(page.known.now, "night").camera.fps, 2);
  night.leave();
  assert.deepEqual(page.known.now.players, {});
});

test("what nobody looked at for a while is not of now", () => {
  const page = watching().takes("slept").is("paused");
  assert.equal(page.says.level, "checking");
  assert.equal(page.known.now.recording, RECORDING, "but known");
});

test("a beat that brings nothing new is no change, and a snapshot is never changed", () => {
  const page = watching();
  const { changes } = page;
  const { now } = page.known;
  page.at(1_000).takes("beat").takes("network", { isOnline: true }).is("live");
  page.known.heard();
  assert.equal(page.changes, changes);
  assert.equal(page.known.now, now);
  assert.ok(Object.isFrozen(now) && Object.isFrozen(now.link) && Object.isFrozen(now.players));
  page.takes("list");
  assert.equal(page.known.now.listAt, now.listAt + 1);
});
