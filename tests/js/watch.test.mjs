import assert from "node:assert/strict";
import { test } from "node:test";

import { Liveness } from "../../static/js/liveness.js";
import { Watch } from "../../static/js/watch.js";

const LIVE = { status: "ok", camera: { state: "live", fps: 30 } };
const SILENT = { status: "camera_offline", camera: { state: "stalled", fps: 30 } };

/** A try at a made-up time: what the server says, and what the link has had and decoded. */
class Try {
  now = 1_000;
  health = LIVE;
  isUnseen = false;
  said = [];
  #bytes = 0;
  #framesDecoded = 0;
  #framesReceived = 0;

  constructor(transport = "webrtc") {
    this.transport = transport;
    const words = (reason) => reason.words || (reason.code ?? reason);
    const say = (word) => (reason) =>
      this.said.push(reason && words(reason) ? `${word}: ${words(reason)}` : word);
    const all = ["live", "stalled", "cameraDown", "lost", "failed"];
    this.watch = new Watch({
      api: { health: async () => this.health ?? Promise.reject(new Error("no answer")) },
      liveness: new Liveness(0),
      connectLimitMs: 6_000,
      isUnseen: () => this.isUnseen,
      on: { ...Object.fromEntries(all.map((word) => [word, say(word)])), steady() {} },
      now: () => this.now,
    });
  }

  async stats() {
    const framesDecoded = this.#framesDecoded;
    return { bytes: this.#bytes, framesDecoded, framesReceived: this.#framesReceived };
  }

  /** For `seconds`, looked at twice a second; data and pictures come every `interval` of them. */
  async pass(seconds, { arrives = false, decodes = false, interval = 0.5, whole = 0 } = {}) {
    const ends = this.now + seconds * 1000;
    for (let next = this.now; this.now < ends && !this.#isOver; this.now += 500) {
      if (this.now >= next) {
        next += interval * 1000;
        if (arrives) this.#bytes += 1000;
        if (decodes) this.#framesDecoded += 1;
        this.#framesReceived += whole;
      }
      await this.watch.look(this);
    }
    return this.said;
  }

  get #isOver() {
    return this.said.some((word) => /^(lost|failed)/.test(word));
  }
}

const FLOWS = { arrives: true, decodes: true };
const FREEZES = { arrives: true };
const SLOWLY = { interval: 2 };

test("without a connection in time, this way has failed", async () => {
  const them = new Try();
  assert.deepEqual(await them.pass(5.5), []);
  assert.deepEqual(await them.pass(2), ["failed: connection"]);
});

test("connected, and data comes of which no picture is made: this way has failed", async () => {
  const them = new Try();
  them.watch.connected();
  assert.deepEqual(await them.pass(4, FREEZES), []);
  assert.deepEqual(await them.pass(1, FREEZES), ["failed: undecodable"]);
});

test("over a WebSocket a decoder gets longer: nothing was lost on the way", async () => {
  const them = new Try("websocket");
  them.watch.connected();
  assert.deepEqual(await them.pass(8, FREEZES), []);
  assert.deepEqual(await them.pass(1, FREEZES), ["failed: undecodable"]);
});

test("a decoder that freezes while data comes: this way has failed", async () => {
  const them = new Try();
  them.watch.connected();
  assert.deepEqual(await them.pass(10, FLOWS), ["live"]);
  assert.deepEqual(await them.pass(5, FREEZES), ["live", "stalled: stalled", "failed: undecodable"]);
});

test("a picture in between is a picture: nothing has failed", async () => {
  const them = new Try();
  them.watch.connected();
  for (let i = 0; i < 5; i += 1) {
    await them.pass(3, FREEZES);
    await them.pass(0.5, FLOWS);
  }
  assert.ok(!them.said.some((word) => word.startsWith("failed")), them.said.join());
});

test("a camera that is silent is no reason to change anything", async () => {
  for (const begin of [0, 5]) {
    const them = new Try();
    them.watch.connected();
    await them.pass(begin, FLOWS);
    them.health = SILENT;
    await them.pass(120);
    assert.deepEqual(them.said.filter((word) => /^(lost|failed)/.test(word)), []);
    them.health = LIVE;
    await them.pass(1, FLOWS);
    assert.equal(them.said.at(-1), "live");
  }
});

test("a camera of one picture in two seconds is live, and is not when it stops", async () => {
  const them = new Try();
  them.health = { status: "ok", camera: { state: "live", fps: 0.5 } };
  them.watch.cameraIs(them.health);
  them.watch.connected();
  assert.deepEqual(await them.pass(60, { ...FLOWS, ...SLOWLY }), ["live"]);
  assert.deepEqual(await them.pass(9, { ...FREEZES, ...SLOWLY }), ["live", "stalled: stalled", "failed: undecodable"]);
});

test("nothing arrives though the camera is well: this way has failed", async () => {
  const them = new Try();
  them.watch.connected();
  assert.deepEqual(await them.pass(8), ["failed: stalled"]);
});

test("nothing arrives any more: a new connection, once the server's word is certain", async () => {
  const them = new Try();
  them.watch.connected();
  await them.pass(5, FLOWS);
  assert.deepEqual(await them.pass(2.5), ["live", "stalled: stalled"]);
  assert.deepEqual(await them.pass(2), ["live", "stalled: stalled", "lost: stalled"]);
});

test("the server learns late that the camera has stopped: nothing is lost for it", async () => {
  const them = new Try();
  them.watch.connected();
  await them.pass(5, FLOWS);
  await them.pass(2.5);
  them.health = SILENT;
  await them.pass(30);
  them.health = LIVE;
  await them.pass(1, FLOWS);
  assert.deepEqual([...new Set(them.said)], ["live", "stalled: stalled", "cameraDown"]);
  assert.equal(them.said.at(-1), "live");
});

test("a server that does not answer any more is the reason", async () => {
  const them = new Try();
  them.watch.connected();
  them.health = null;
  assert.deepEqual(await them.pass(3), ["lost: server"]);
});

test("while nobody can see a picture, none is missing", async () => {
  const them = new Try();
  them.watch.connected();
  await them.pass(5, FLOWS);
  them.isUnseen = true;
  await them.pass(60, FREEZES);
  them.isUnseen = false;
  assert.deepEqual(await them.pass(3, FLOWS), ["live"]);
});

test("a few packets, and then nothing: this way has failed", async () => {
  const them = new Try();
  them.watch.connected();
  await them.pass(1, FREEZES);
  assert.deepEqual(await them.pass(10), ["failed: stalled"]);
});

const WAIT = { ...LIVE, status: "degraded", reasons: ["since long"], reason_codes: ["no_entry_point"] };

test("who joins too late to begin is told why, and waits", async () => {
  const them = new Try();
  them.health = WAIT;
  them.watch.cameraIs(WAIT);
  them.watch.connected();
  assert.deepEqual(new Set(await them.pass(30)), new Set(["cameraDown: since long"]));
  them.health = LIVE;
  await them.pass(3, FLOWS);
  assert.equal(them.said.at(-1), "live");
});

test("who has begun is live, whatever others wait for", async () => {
  const them = new Try();
  them.watch.connected();
  await them.pass(2, FLOWS);
  them.health = WAIT;
  await them.pass(10, FLOWS);
  assert.deepEqual(them.said, ["live"]);
});

test("a way that decodes one of fifteen pictures plays none of the kind", async () => {
  const them = new Try();
  them.watch.connected();
  assert.deepEqual(await them.pass(10, { ...FLOWS, whole: 3 }), ["live"]);
  assert.deepEqual(await them.pass(13, { ...FLOWS, whole: 15 }), ["live", "failed: undecodable"]);
});

test("pictures that nobody could have seen are not counted", async () => {
  const them = new Try();
  them.watch.connected();
  await them.pass(2, { ...FLOWS, whole: 1 });
  them.isUnseen = true;
  await them.pass(20, { arrives: true, whole: 15 });
  them.isUnseen = false;
  assert.deepEqual(await them.pass(20, { ...FLOWS, whole: 1 }), ["live"]);
});

test("in trouble a picture counts for a moment only, and the trouble is the reason", async () => {
  const them = new Try();
  them.watch.connected();
  await them.pass(5, FLOWS);
  them.watch.troubled({ code: "closed", words: "" });
  them.health = null;
  assert.deepEqual(await them.pass(1), ["live", "stalled: closed", "lost: server"]);
});
