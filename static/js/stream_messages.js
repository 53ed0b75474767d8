/** The messages of `GET /api/stream/h264`, the camera's H.264 over a WebSocket. Pure. */

const HEADER_BYTES = 24;
const IDR = 1;
const DISCONTINUITY = 2;
const LEADING = 4;

/** An error closes with this and its HTTP status (4503: full): a page sees nothing else of it. */
const CLOSE_CODE_BASE = 4000;

/** The HTTP status behind a close code; 0 if it is not one of the server's own. */
export function statusOf(closeCode) {
  const status = closeCode - CLOSE_CODE_BASE;
  return status >= 400 && status < 600 ? status : 0;
}

/** The code of an error that came without a message: `full`, `closed` (the server stops), or "". */
export function codeOf(closeCode) {
  return { 1001: "closed", 4409: "superseded", 4503: "full" }[closeCode] ?? "";
}

/**
 * A text message, parsed. A `format` message gets its AVCDecoderConfigurationRecord (ISO/IEC
 * 14496-15, 5.3.3.1) as bytes in `description`. Null if it is not one that we know.
 */
export function parseText(json) {
  let message;
  try {
    message = JSON.parse(json);
  } catch {
    return null;
  }
  if (message?.type !== "format") return typeof message?.type === "string" ? message : null;
  const description = Uint8Array.from(atob(message.avcc), (letter) => letter.charCodeAt(0));
  return { ...message, description };
}

/**
 * One access unit from a binary message: NAL units with 4-byte lengths in `data`, capture times in
 * µs, of the server's monotonic clock (`captureUs`) and of its wall clock (`wallUs`). B pictures are
 * shown `offsetUs` later than it is their turn to be decoded. Who begins at an I picture that is no
 * IDR has to leave out those behind it that are shown before it (`isLeading`).
 */
export function parseUnit(buffer) {
  if (buffer.byteLength < HEADER_BYTES) throw new RangeError("shorter than its header");
  const view = new DataView(buffer);
  const flags = view.getUint8(0);
  return {
    isIdr: (flags & IDR) !== 0,
    isDiscontinuity: (flags & DISCONTINUITY) !== 0,
    isLeading: (flags & LEADING) !== 0,
    offsetUs: (view.getInt32(0) << 8) >> 8,
    sequence: view.getUint32(4),
    captureUs: Number(view.getBigUint64(8)),
    wallUs: Number(view.getBigUint64(16)),
    data: new Uint8Array(buffer, HEADER_BYTES),
  };
}
