/**
 * Fragmented MP4 (ISO/IEC 14496-12) of one H.264 track, as Media Source Extensions take it: one
 * initialisation segment, then one fragment of one sample for each picture. Pure.
 */

/** Units of `tfdt` and `trun`: microseconds, so that capture times are exact. */
export const TIMESCALE = 1_000_000;

const TRACK_ID = 1;
const UNITY_MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].flatMap(u32);

/** What a player needs before the first picture; `description` is the `avcC` box's content. */
export function initSegment({ width, height, description }) {
  const avc1 = box(
    "avc1",
    [...zeros(6), ...u16(1)], // data_reference_index
    zeros(16),
    [...u16(width), ...u16(height)],
    [...u32(0x480000), ...u32(0x480000)], // 72 dpi
    [...u32(0), ...u16(1)], // frame_count
    zeros(32), // compressorname
    [...u16(24), 0xff, 0xff], // depth, pre_defined
    box("avcC", description),
  );
  const noSamples = ["stts", "stsc", "stco"].map((type) => fullBox(type, 0, 0, u32(0)));
  const samples = box(
    "stbl",
    fullBox("stsd", 0, 0, u32(1), avc1),
    ...noSamples,
    fullBox("stsz", 0, 0, zeros(8)),
  );
  const data = box("dinf", fullBox("dref", 0, 0, u32(1), fullBox("url ", 0, 1)));
  const media = box(
    "mdia",
    fullBox("mdhd", 0, 0, zeros(8), u32(TIMESCALE), u32(0), u16(0x55c4), zeros(2)), // "und"
    fullBox("hdlr", 0, 0, zeros(4), ascii("vide"), zeros(12), [0]),
    box("minf", fullBox("vmhd", 0, 1, zeros(8)), data, samples),
  );
  const track = box(
    "trak",
    // enabled, in the movie
    fullBox("tkhd", 0, 3, zeros(8), u32(TRACK_ID), zeros(8), zeros(16), UNITY_MATRIX, [
      ...u16(width),
      ...zeros(2),
      ...u16(height),
      ...zeros(2),
    ]),
    media,
  );
  const movie = box(
    "moov",
    fullBox("mvhd", 0, 0, zeros(8), u32(TIMESCALE), u32(0), u32(0x10000), u16(0x100), zeros(10), [
      ...UNITY_MATRIX,
      ...zeros(24),
      ...u32(TRACK_ID + 1),
    ]),
    track,
    box("mvex", fullBox("trex", 0, 0, u32(TRACK_ID), u32(1), zeros(12))),
  );
  const brands = box("ftyp", ascii("iso5"), u32(0), ascii("iso5iso6avc1mp41"));
  return join([brands, movie]);
}

/**
 * One picture: `time` and `duration` in units of TIMESCALE, `data` with 4-byte NAL unit lengths,
 * `sequence` counts the fragments from 1. It is shown `offset` later than decoded.
 */
export function fragment({ sequence, time, duration, offset: shownLater = 0, isIdr, data }) {
  // depends on nothing; or on others and is no place to begin (8.8.3.1)
  const sampleFlags = isIdr ? 0x02000000 : 0x01010000;
  const run = (offset) =>
    // data offset, then duration, size, flags and (signed) composition offset of each sample
    fullBox("trun", 1, 0xf01, u32(1), u32(offset), u32(duration), u32(data.length), [
      ...u32(sampleFlags),
      ...u32(shownLater),
    ]);
  const movieFragment = (offset) =>
    box(
      "moof",
      fullBox("mfhd", 0, 0, u32(sequence)),
      box(
        "traf",
        fullBox("tfhd", 0, 0x020000, u32(TRACK_ID)), // default-base-is-moof
        fullBox("tfdt", 1, 0, u32(Math.floor(time / 2 ** 32)), u32(time)),
        run(offset),
      ),
    );
  const offset = movieFragment(0).length + 8;
  return join([movieFragment(offset), u32(8 + data.length), ascii("mdat"), data]);
}

/** Byte arrays, one behind the other. */
export function join(parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function box(type, ...parts) {
  const size = parts.reduce((sum, { length }) => sum + length, 8);
  return join([u32(size), ascii(type), ...parts]);
}

function fullBox(type, version, flags, ...parts) {
  return box(type, u32((version << 24) | flags), ...parts);
}

function ascii(text) {
  return [...text].map((letter) => letter.charCodeAt(0));
}

function u16(value) {
  return [value >>> 8, value & 0xff];
}

function u32(value) {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

function zeros(count) {
  return new Array(count).fill(0);
}
