import assert from "node:assert/strict";
import { test } from "node:test";

/** A source that opens when it is told to, and keeps what is appended. */
class LateSource extends EventTarget {
  static isTypeSupported = () => true;
  static last = null;
  readyState = "closed";
  appended = [];
  removed = [];

  constructor() {
    super();
    LateSource.last = this;
  }

  addSourceBuffer() {
    const buffer = new EventTarget();
    buffer.updating = false;
    buffer.buffered = { length: 0 };
    buffer.appendBuffer = (data) => this.appended.push(data);
    buffer.remove = (start, end) => this.removed.push([start, end]);
    return (this.buffer = buffer);
  }

  open() {
    this.readyState = "open";
    this.dispatchEvent(new Event("sourceopen"));
  }
}

globalThis.ManagedMediaSource = LateSource;
const { MsePlayer, rateFor } = await import("../../static/js/mse.js");

const FORMAT = { codec: "avc1.42c01f", width: 320, height: 240, description: new Uint8Array(9) };
const GOP = 10;
const MAX_BYTES = 17 * 1024 * 1024;

function play() {
  const errors = [];
  const screen = { video: {}, use() {} };
  const player = new MsePlayer(screen, { onPicture() {}, onError: (error) => errors.push(error) });
  player.configure(FORMAT);
  return { player, source: LateSource.last, errors, video: screen.video };
}

function feed(player, count, { size, gop = GOP, from = 0 }) {
  for (let number = from; number < from + count; number += 1) {
    const data = new Uint8Array(size);
    player.add({ isIdr: number % gop === 0, captureUs: (number + 1) * 33_333, data });
  }
}

const countOf = (data, type) =>
  Buffer.from(data.buffer, data.byteOffset, data.length).toString("latin1").split(type).length - 1;

test("before its source is open, it keeps the newest GOP only", () => {
  const { player, source, errors } = play();
  feed(player, 10 * GOP + 3, { size: 1000 });
  assert.equal(player.framesDropped, 10 * GOP);
  source.open();
  assert.deepEqual(errors, []);
  assert.equal(source.appended.length, 1);
  assert.equal(countOf(source.appended[0], "moof"), 3);
  assert.equal(countOf(source.appended[0], "moov"), 1);
});

test("a GOP without end is given up, and it goes on at the next IDR", () => {
  const { player, source } = play();
  const picture = 1024 * 1024;
  feed(player, 40, { size: picture, gop: 1000 });
  assert.equal(player.framesDropped, 40);
  source.open();
  assert.deepEqual(source.appended, []);
  feed(player, 1, { size: picture, gop: 1000, from: 1000 });
  assert.equal(countOf(source.appended[0], "moof"), 1);
  assert.ok(source.appended[0].length < MAX_BYTES);
});

test("a buffer that does not take anything is waited for within bounds", () => {
  const { player, source } = play();
  let takes = 0;
  source.addSourceBuffer = () => {
    const buffer = new EventTarget();
    Object.defineProperty(buffer, "updating", { get: () => takes > 0 });
    buffer.buffered = { length: 0 };
    buffer.appendBuffer = () => (takes += 1);
    return buffer;
  };
  source.open();
  feed(player, 300, { size: 200_000 });
  assert.equal(takes, 1);
  assert.ok(player.framesDropped > 150);
});

/** As a browser does with what was appended: it is there from `start` to `end`, and shown at `now`. */
function showAt(now, { source, video }, { start, end }) {
  source.buffer.buffered = { length: 1, start: () => start, end: () => end };
  video.currentTime = now;
  source.buffer.dispatchEvent(new Event("updateend"));
}

test("whole GOPs are removed, never the one that is shown", () => {
  const { player, source, video } = play();
  source.open();
  const data = new Uint8Array(10);
  const seconds = (half) => half / 2;
  for (const half of Array(60).keys()) {
    player.add({ isIdr: half % 14 === 0, captureUs: (seconds(half) + 100) * 1e6, data });
    const start = source.removed.at(-1)?.[1] ?? 0;
    showAt(seconds(half), { source, video }, { start, end: seconds(half) + 1 });
  }
  assert.deepEqual(source.removed, [[0, 6.999], [0, 13.999], [0, 20.999]]);
});

test("a GOP without end stays as long as it is shown", () => {
  const { player, source, video } = play();
  source.open();
  feed(player, 900, { size: 10, gop: 10_000 });
  showAt(29.9, { source, video }, { start: 0, end: 30 });
  assert.deepEqual(source.removed, []);
});

/** I pictures that are no IDR, each with a leading picture behind it: one GOP a second. */
function feedOpenGops(player, seconds) {
  for (let number = 0; number < seconds * GOP; number += 1) {
    const place = { isIdr: number % GOP === 0, isLeading: number % GOP === 1 };
    player.add({ ...place, captureUs: (number + 1) * 100_000, data: new Uint8Array(10) });
  }
}

test("leading pictures are left out where a jump may lead, and shown elsewhere", () => {
  const { player, source } = play();
  source.open();
  feedOpenGops(player, 7);
  const data = Buffer.concat(source.appended);
  const begins = [...data.toString("latin1").matchAll(/trun/g)].map(({ index }) => data.readUInt32BE(index + 24));
  assert.equal(begins.filter((flags) => (flags & 0x10000) === 0).length, 3, "at 0, 3 and 6 s");
  assert.equal(player.framesDropped, 3);
});

test("it plays as much faster or slower as brings it to the margin by the next picture", () => {
  for (const [behind, interval, rate] of [
    [0.1, 0.033, 1],
    [0.2, 0.033, 1.1],
    [0.18, 2, 1.05],
    [-0.02, 0.033, 0.9],
    [-0.02, 2, 0.95],
    [0.2, 0, 1.1],
  ]) {
    assert.ok(Math.abs(rateFor(behind, interval) - rate) < 1e-9, `${behind} s of ${interval} s`);
  }
});
