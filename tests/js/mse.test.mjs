import assert from "node:assert/strict";
import { test } from "node:test";

/** A source that opens when it is told to, and keeps what is appended. */
class LateSource extends EventTarget {
  static isTypeSupported = () => true;
  static last = null;
  readyState = "closed";
  appended = [];

  constructor() {
    super();
    LateSource.last = this;
  }

  addSourceBuffer() {
    const buffer = new EventTarget();
    buffer.updating = false;
    buffer.buffered = { length: 0 };
    buffer.appendBuffer = (data) => this.appended.push(data);
    return buffer;
  }

  open() {
    this.readyState = "open";
    this.dispatchEvent(new Event("sourceopen"));
  }
}

globalThis.ManagedMediaSource = LateSource;
const { MsePlayer } = await import("../../static/js/mse.js");

const FORMAT = { codec: "avc1.42c01f", width: 320, height: 240, description: new Uint8Array(9) };
const GOP = 10;
const MAX_BYTES = 17 * 1024 * 1024;

function play() {
  const errors = [];
  const screen = { video: {}, use() {} };
  const player = new MsePlayer(screen, { onPicture() {}, onError: (error) => errors.push(error) });
  player.configure(FORMAT);
  return { player, source: LateSource.last, errors };
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
