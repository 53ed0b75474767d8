import assert from "node:assert/strict";
import { test } from "node:test";

/** A decoder that shows nothing before it is told to. */
class SlowDecoder {
  static last = null;
  state = "configured";
  waiting = [];

  constructor({ output }) {
    this.output = output;
    SlowDecoder.last = this;
  }

  get decodeQueueSize() {
    return this.waiting.length;
  }

  configure() {}

  reset() {
    this.waiting = [];
  }

  decode({ timestamp }) {
    this.waiting.push(timestamp);
  }

  show(count) {
    for (const timestamp of this.waiting.splice(0, count)) this.output({ timestamp, close() {} });
  }
}

globalThis.VideoDecoder = SlowDecoder;
globalThis.EncodedVideoChunk = class {
  constructor(init) {
    Object.assign(this, init);
  }
};
const { WebCodecsPlayer } = await import("../../static/js/webcodecs.js");

const INTERVAL_US = 33_333;
const GOP = 250;
const data = new Uint8Array(5);

function play() {
  const player = new WebCodecsPlayer({ draw() {} }, { onPicture() {}, onError() {} });
  player.configure({ codec: "avc1.42c01f", width: 320, height: 240, description: data });
  let number = 0;
  const feed = (count, place = {}) => {
    for (let i = 0; i < count; i += 1, number += 1) {
      const captureUs = (number + 1) * INTERVAL_US;
      player.add({ isIdr: number % GOP === 0, captureUs, data, ...place });
    }
  };
  return { player, feed, decoder: SlowDecoder.last };
}

test("who joins a long GOP catches up with it, however far behind it begins", () => {
  const { player, feed, decoder } = play();
  feed(240);
  decoder.show(10);
  feed(5);
  decoder.show(240);
  feed(4);
  assert.equal(player.framesDropped, 0);
});

test("one that falls behind later goes on at the next IDR", () => {
  const { player, feed, decoder } = play();
  feed(2);
  decoder.show(2);
  feed(1);
  decoder.show(0);
  feed(20);
  assert.ok(player.framesDropped > 5);
});

test("leading pictures are left out where it begins, and only there", () => {
  const { player, feed } = play();
  feed(1);
  feed(2, { isLeading: true });
  assert.equal(player.framesDropped, 2);
  feed(1, { isIdr: true });
  feed(2, { isLeading: true });
  assert.equal(player.framesDropped, 2);
});
