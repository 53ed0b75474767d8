/** Plays access units by Media Source Extensions, where there is no WebCodecs (plain http). */

import { LONGEST_US, MediaTime } from "./media_time.js";
import { fragment, initSegment, join } from "./mp4.js";

/** So far behind the newest picture the video should play: some are needed to go on smoothly. */
const MARGIN_S = 0.08;
/** Further behind than this, or ahead, it plays up to a tenth faster, or slower, … */
const NEAR_S = 0.15;
const MAX_HASTE = 0.1;
/** … and outside of these it jumps. */
const FAR_S = 0.4;
const FAR_AHEAD_S = 1;
/** What may wait for the browser: a page that nobody sees may open its source late, or never. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024;
/** What is kept behind the picture that is shown. */
const KEPT_S = LONGEST_US / 1e6 + 1;

const Source = globalThis.MediaSource ?? globalThis.ManagedMediaSource;

export class MsePlayer {
  name = "MSE";
  framesDropped = 0;
  #screen;
  #source = new Source();
  /** @type {SourceBuffer | null} */
  #buffer = null;
  #callbacks;
  /** @type {Uint8Array[]} */
  #pending = [];
  #pendingBytes = 0;
  #pendingPictures = 0;
  /** What the stream's messages tell of it; undefined before the first one. @type {any} */
  #format;
  #type = "";
  #sequence = 0;
  #time = new MediaTime();
  /** @type {number[]} seconds */
  #idrTimes = [];
  #needsIdr = true;
  #begunUs = 0;
  #hasLeading = false;
  #leavesOutLeading = false;
  #frameRequest = 0;
  #isClosed = false;

  static plays(format) {
    return Source?.isTypeSupported(typeOf(format)) ?? false;
  }

  constructor(screen, callbacks) {
    this.#screen = screen;
    this.#callbacks = callbacks;
    const { video } = screen;
    screen.use(video);
    this.#source.addEventListener("sourceopen", () => this.#flush());
    if (this.#source instanceof (globalThis.ManagedMediaSource ?? class {})) {
      video.srcObject = this.#source;
    } else {
      video.srcObject = null;
      video.src = URL.createObjectURL(this.#source);
      this.#source.addEventListener("sourceopen", () => URL.revokeObjectURL(video.src));
    }
    this.#awaitFrame();
  }

  get framesDecoded() {
    return this.#screen.video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
  }

  configure(format) {
    this.#format = format;
    this.#needsIdr = true;
  }

  add({ isIdr: mayBegin, isLeading = false, captureUs, offsetUs = 0, data }) {
    const isIdr = mayBegin && this.#isToBegin(captureUs);
    if (mayBegin) this.#leavesOutLeading = isIdr;
    this.#hasLeading ||= isLeading;
    const isFull = this.#pendingBytes + data.length > MAX_PENDING_BYTES;
    if (isFull || (isIdr && this.#source.readyState !== "open")) this.#drop();
    if ((this.#needsIdr && !isIdr) || (isLeading && this.#leavesOutLeading)) {
      this.framesDropped += 1;
      return;
    }
    if (this.#needsIdr) this.#pending.push(initSegment(this.#format));
    this.#needsIdr = false;
    const placed = this.#time.next(captureUs);
    if (!placed) return;
    const { time, duration } = placed;
    if (isIdr) {
      this.#idrTimes.push(time / 1e6);
      this.#begunUs = captureUs;
    }
    this.#pending.push(fragment({ sequence: ++this.#sequence, time, duration, offset: offsetUs, isIdr, data }));
    this.#pendingBytes += data.length;
    this.#pendingPictures += 1;
    this.#flush();
  }

  close() {
    this.#isClosed = true;
    this.#forget();
    const { video } = this.#screen;
    video.cancelVideoFrameCallback?.(this.#frameRequest);
    video.playbackRate = 1;
    video.srcObject = null;
    video.removeAttribute("src");
    video.load();
  }

  #flush() {
    if (this.#isClosed || this.#source.readyState !== "open") return;
    try {
      this.#buffer ??= this.#open();
      if (!this.#buffer || this.#buffer.updating || !this.#pending.length) return;
      const type = typeOf(this.#format);
      if (type !== this.#type) this.#buffer.changeType?.(type);
      this.#type = type;
      this.#buffer.appendBuffer(join(this.#pending));
      this.#forget();
    } catch (error) {
      this.#callbacks.onError(error);
    }
  }

  /**
   * Whether a jump may lead here, so that leading pictures have to be left out. Where there are any,
   * that is seldom, to show the others.
   */
  #isToBegin(captureUs) {
    return this.#needsIdr || !this.#hasLeading || captureUs - this.#begunUs >= LONGEST_US;
  }

  /** Goes on at the next IDR: what waits is not live any more. */
  #drop() {
    this.framesDropped += this.#pendingPictures;
    this.#forget();
    this.#needsIdr = true;
  }

  #forget() {
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#pendingPictures = 0;
  }

  #open() {
    if (!this.#format) return null;
    this.#type = typeOf(this.#format);
    const buffer = this.#source.addSourceBuffer(this.#type);
    buffer.addEventListener("updateend", () => this.#appended());
    buffer.addEventListener("error", () => this.#callbacks.onError(new Error("not appended")));
    return buffer;
  }

  #appended() {
    if (this.#isClosed) return;
    const buffer = /** @type {SourceBuffer} */ (this.#buffer);
    this.#catchUp(buffer);
    if (!this.#removeOld(buffer)) this.#flush(); // a removal ends in `updateend`, too
  }

  /** Stays close to the newest picture: with a jump, or at a rate that gets there by the next. */
  #catchUp({ buffered }) {
    const { video } = this.#screen;
    if (!buffered.length) return;
    const newest = this.#time.newest / 1e6;
    const behind = newest - video.currentTime;
    const begin = buffered.start(buffered.length - 1);
    if (behind > FAR_S || behind < -FAR_AHEAD_S || video.currentTime < begin) {
      if (!video.seeking) video.currentTime = Math.max(begin, newest - MARGIN_S);
    }
    video.playbackRate = rateFor(behind, this.#time.interval / 1e6);
  }

  /**
   * Whole GOPs only: what is removed takes along all that needs it. And none whose last picture may
   * last until now: Firefox takes along all of its duration. Returns whether a removal began.
   *
   * @param {SourceBuffer} buffer
   */
  #removeOld(buffer) {
    const { buffered } = buffer;
    const { currentTime } = this.#screen.video;
    while (this.#idrTimes[1] <= currentTime - KEPT_S) this.#idrTimes.shift();
    const [beginOfGop] = this.#idrTimes;
    if (!buffered.length || !(beginOfGop - buffered.start(0) > KEPT_S)) return false;
    buffer.remove(0, beginOfGop - 0.001); // seconds are less exact than µs
    return true;
  }

  #awaitFrame() {
    const { video } = this.#screen;
    this.#frameRequest = video.requestVideoFrameCallback?.((_, { mediaTime }) => {
      if (this.#isClosed) return;
      this.#callbacks.onPicture({ captureUs: this.#time.captureUsAt(Math.round(mediaTime * 1e6)) });
      this.#awaitFrame();
    });
  }
}

/** How fast to play until the next picture, `behind` the newest now. Pure. */
export function rateFor(behind, intervalS) {
  if (behind >= 0 && behind <= NEAR_S) return 1;
  const haste = (behind - MARGIN_S) / Math.max(intervalS, 0.01);
  return 1 + Math.max(-MAX_HASTE, Math.min(haste, MAX_HASTE));
}

function typeOf({ codec }) {
  return `video/mp4; codecs="${codec}"`;
}
