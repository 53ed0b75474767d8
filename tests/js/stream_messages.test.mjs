import assert from "node:assert/strict";
import { test } from "node:test";

import { parseText, parseUnit, statusOf } from "../../static/js/stream_messages.js";

function message({ flags, offsetUs, sequence, captureUs, wallUs, data }) {
  const bytes = new Uint8Array(24 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (flags << 24) | (offsetUs & 0xffffff));
  view.setUint32(4, sequence);
  view.setBigUint64(8, BigInt(captureUs));
  view.setBigUint64(16, BigInt(wallUs));
  bytes.set(data, 24);
  return bytes.buffer;
}

const FLAGS = [
  [0, [false, false, false], 0],
  [0, [false, false, false], -66_666],
  [0, [false, false, false], 8_000_000],
  [1, [true, false, false], 66_666],
  [3, [true, true, false], -8_000_000],
  [4, [false, false, true], -33_333],
];

for (const [flags, [isIdr, isDiscontinuity, isLeading], offsetUs] of FLAGS) {
  test(`an access unit with flags ${flags}, shown ${offsetUs} µs later`, () => {
    const times = { captureUs: 2 ** 45 + 1, wallUs: 1_795_000_000_000_001 };
    const sent = { offsetUs, sequence: 0xffffffff, ...times };
    const data = Uint8Array.of(0, 0, 0, 1, 0x65);
    const unit = parseUnit(message({ flags, ...sent, data }));
    assert.deepEqual(unit, { isIdr, isDiscontinuity, isLeading, ...sent, data });
  });
}

test("a message shorter than its header is refused", () => {
  assert.throws(() => parseUnit(new ArrayBuffer(23)), RangeError);
});

test("a format brings the decoder's configuration as bytes", () => {
  const format = { type: "format", codec: "avc1.42c01f", width: 1280, height: 720, avcc: "AULAHw==" };
  const parsed = parseText(JSON.stringify(format));
  assert.deepEqual(parsed.description, Uint8Array.of(1, 0x42, 0xc0, 0x1f));
  assert.equal(parsed.codec, "avc1.42c01f");
});

test("other messages come as they are, and what is none is null", () => {
  assert.deepEqual(parseText('{"type":"status","camera":"live"}'), { type: "status", camera: "live" });
  for (const text of ["", "{", "null", "7", "{}", '{"type":7}']) assert.equal(parseText(text), null);
});

test("the server's own close codes hold the HTTP status", () => {
  assert.deepEqual([4503, 4403, 4400, 1000, 1006, 4000, 4999].map(statusOf), [503, 403, 400, 0, 0, 0, 0]);
});
