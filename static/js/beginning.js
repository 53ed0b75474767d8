/** Where a decoder begins, above all after one that has failed. Pure. */

/** After this many failures only an IDR will do. */
const TRIES_ANYWHERE = 2;
const TRIES = 5;
/** A decoder that got this far is no wrong one. */
const WORKED_FOR = 60;
const IDR_SLICE = 5;

/**
 * A decoder may begin at an I picture that is no IDR, unless the encoder dismisses pictures from
 * before it later on: then some decoders fail. The next such picture may be better; every IDR is.
 */
export class Beginning {
  #failures = 0;
  #hadOthers = false;

  /** An access unit as the decoder gets it: `isIdr` only where it may begin. */
  at(unit) {
    if (!unit.isIdr || hasIdrSlice(unit.data)) return unit;
    this.#hadOthers = true;
    return this.#failures < TRIES_ANYWHERE ? unit : { ...unit, isIdr: false };
  }

  /** The decoder has failed. Returns whether one of its kind is to begin anew, further on. */
  failed(framesDecoded) {
    const isItsFault = !this.#hadOthers && framesDecoded < WORKED_FOR;
    this.#failures += 1;
    this.#hadOthers = false;
    return !isItsFault && this.#failures < TRIES;
  }
}

/** Of NAL units behind 4-byte lengths. */
function hasIdrSlice(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at + 4 < data.length; at += 4 + view.getUint32(at)) {
    if ((data[at + 4] & 0x1f) === IDR_SLICE) return true;
  }
  return false;
}
