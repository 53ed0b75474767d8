/** Plays access units by Media Source Extensions, where there is no WebCodecs (plain http). */

import { fragment, initSegment, join } from "./mp4.js";

/** So far behind the newest picture the video may play … */
const NEAR_S = 0.15;
/** … from here on it plays a little faster, … */
const FASTER = 1.1;
/** … and from here on it jumps. */
const FAR_S = 0.4;
/** Where it jumps to: some pictures are needed to go on smoothly. */
const MARGIN_S = 0.08;
const KEPT_S = 4;
/** What may wait for the browser: a page that nobody sees may open its source late, or never. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024;
const FIRST_INTERVAL_US = 33_333;
/**
 * A picture lasts longer than the next one should take. A shorter one would be a gap: after two of
 * its lengths the browser throws everything away up to the next IDR (W3C MSE, 3.5.8).
 */
const STRETCH = 3;

const Source = globalThis.MediaSource ?? globalThis.ManagedMediaSource;

export class MsePlayer {
  name = "MSE";
  framesDropped = 0;
  #screen;
  #source = new Source();
  #buffer = null;
  #callbacks;
  #pending = [];
  #pendingBytes = 0;
  #pendingPictures = 0;
  #format = null;
  #type = "";
  #sequence = 0;
  #baseUs = null;
  #newestUs = 0;
  #intervalUs = FIRST_INTERVAL_US;
  #needsIdr = true;
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

  add({ isIdr, captureUs, data }) {
    const isFull = this.#pendingBytes + data.length > MAX_PENDING_BYTES;
    if (isFull || (isIdr && this.#source.readyState !== "open")) this.#drop();
    if (this.#needsIdr && !isIdr) {
      this.framesDropped += 1;
      return;
    }
    if (this.#needsIdr) this.#pending.push(initSegment(this.#format));
    this.#needsIdr = false;
    this.#baseUs ??= captureUs;
    if (captureUs <= this.#newestUs) return;
    if (this.#newestUs) this.#intervalUs = captureUs - this.#newestUs;
    this.#newestUs = captureUs;
    const time = captureUs - this.#baseUs;
    const duration = Math.round(Math.min(this.#intervalUs, 1e6) * STRETCH);
    this.#pending.push(fragment({ sequence: ++this.#sequence, time, duration, isIdr, data }));
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
    this.#catchUp();
    const { currentTime } = this.#screen.video;
    const { buffered } = this.#buffer;
    if (buffered.length && currentTime - buffered.start(0) > 2 * KEPT_S) {
      this.#buffer.remove(0, currentTime - KEPT_S); // ends in `updateend`, too
    } else {
      this.#flush();
    }
  }

  /** Stays close to the newest picture: faster when it is a little behind, else with a jump. */
  #catchUp() {
    const { video } = this.#screen;
    const { buffered } = this.#buffer;
    if (!buffered.length) return;
    const newest = (this.#newestUs - this.#baseUs) / 1e6;
    const behind = newest - video.currentTime;
    const isOutside = video.currentTime < buffered.start(buffered.length - 1);
    if (behind > FAR_S || behind < -1 || isOutside) {
      if (video.seeking) return;
      video.currentTime = Math.max(buffered.start(buffered.length - 1), newest - MARGIN_S);
    }
    video.playbackRate = behind > NEAR_S ? FASTER : 1;
  }

  #awaitFrame() {
    const { video } = this.#screen;
    this.#frameRequest = video.requestVideoFrameCallback?.((_, { mediaTime }) => {
      if (this.#isClosed) return;
      this.#callbacks.onPicture({ captureUs: this.#baseUs + Math.round(mediaTime * 1e6) });
      this.#awaitFrame();
    });
  }
}

function typeOf({ codec }) {
  return `video/mp4; codecs="${codec}"`;
}
