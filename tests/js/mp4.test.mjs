import assert from "node:assert/strict";
import { test } from "node:test";

import { TIMESCALE, fragment, initSegment } from "../../static/js/mp4.js";

const CONTAINERS = new Set(["moov", "trak", "mdia", "minf", "dinf", "stbl", "mvex", "moof", "traf"]);
const DESCRIPTION = Uint8Array.of(1, 0x42, 0xc0, 0x1f, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68);

/** Every box with its path, content and position; throws where sizes do not fit together. */
function boxes(data, path = "", start = 0) {
  const found = [];
  let at = 0;
  while (at < data.length) {
    const view = new DataView(data.buffer, data.byteOffset + at);
    const size = view.getUint32(0);
    assert.ok(size >= 8 && at + size <= data.length, `${path}: size ${size} at ${at}`);
    const type = String.fromCharCode(...data.subarray(at + 4, at + 8));
    const content = data.subarray(at + 8, at + size);
    const here = path ? `${path}/${type}` : type;
    found.push({ path: here, content, start: start + at, view: new DataView(content.slice().buffer) });
    if (CONTAINERS.has(type)) found.push(...boxes(content, here, start + at + 8));
    at += size;
  }
  return found;
}

const one = (all, path) => {
  const those = all.filter((box) => box.path === path);
  assert.equal(those.length, 1, path);
  return those[0];
};

test("the initialisation segment names size, time scale and decoder configuration", () => {
  const all = boxes(initSegment({ width: 1280, height: 720, description: DESCRIPTION }));
  assert.deepEqual(all.slice(0, 2).map(({ path }) => path), ["ftyp", "moov"]);
  const header = one(all, "moov/trak/tkhd").view;
  assert.equal(header.getUint32(0), 3, "enabled and in the movie");
  assert.deepEqual([header.getUint32(76), header.getUint32(80)], [1280 << 16, 720 << 16]);
  assert.equal(one(all, "moov/trak/mdia/mdhd").view.getUint32(12), TIMESCALE);
  const [avc1] = boxes(one(all, "moov/trak/mdia/minf/stbl/stsd").content.slice(8));
  assert.equal(avc1.path, "avc1");
  assert.deepEqual([avc1.view.getUint16(24), avc1.view.getUint16(26)], [1280, 720]);
  const [avcC] = boxes(avc1.content.slice(78));
  assert.equal(avcC.path, "avcC");
  assert.deepEqual(avcC.content, DESCRIPTION);
  const track = (path) => one(all, path).view.getUint32(path.endsWith("tkhd") ? 12 : 4);
  assert.equal(track("moov/trak/tkhd"), track("moov/mvex/trex"));
});

const PICTURES = [
  { sequence: 1, time: 0, duration: 33_333, isIdr: true, data: Uint8Array.of(0, 0, 0, 1, 0x65) },
  { sequence: 2, time: 33_334, duration: 100_000, isIdr: false, data: new Uint8Array(70_000) },
  { sequence: 3, time: 66_667, duration: 1, offset: 66_666, isIdr: false, data: Uint8Array.of(7) },
  { sequence: 4, time: 99_999, duration: 1, offset: -33_333, isIdr: false, data: Uint8Array.of(8) },
  { sequence: 2 ** 31, time: 2 ** 40 + 7, duration: 1, isIdr: false, data: Uint8Array.of(9) },
];

for (const picture of PICTURES) {
  test(`a fragment holds its picture: ${picture.data.length} bytes at ${picture.time} µs`, () => {
    const all = boxes(fragment(picture));
    const { sequence, time, duration, offset = 0, isIdr, data } = picture;
    assert.equal(one(all, "moof/mfhd").view.getUint32(4), sequence);
    assert.equal(one(all, "moof/traf/tfdt").view.getBigUint64(4), BigInt(time));
    const run = one(all, "moof/traf/trun").view;
    assert.equal(run.getUint32(4), 1);
    const mdat = one(all, "mdat");
    assert.equal(run.getUint32(8), mdat.start + 8, "where the data begins, from the moof");
    assert.equal(run.getUint32(12), duration);
    assert.equal(run.getUint32(16), data.length);
    assert.equal(run.getInt32(24), offset);
    assert.equal((run.getUint32(20) & 0x10000) === 0, isIdr, "a place to begin");
    assert.deepEqual(mdat.content, data);
  });
}
