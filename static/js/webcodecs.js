/** Plays access units by WebCodecs: each picture is drawn the moment it is decoded. */

/** A decoder that is further behind than this gets nothing more until the next IDR. */
const MAX_LAG_US = 300_000;
/** At first it has a whole GOP to catch up with. */
const CATCH_UP_MS = 3_000;

export class WebCodecsPlayer {
  name = "WebCodecs";
  framesDecoded = 0;
  framesDropped = 0;
  #decoder;
  /** @type {VideoDecoderConfig | undefined} */
  #config;
  #begunUs = 0;
  #newestUs = 0;
  #catchesUpUntil = 0;
  #shownUs = 0;
  #needsIdr = true;
  #leavesOutLeading = false;
  #isNewFormat = true;

  /** Whether this browser plays `format` this way, here: only a secure context has WebCodecs. */
  static async plays(format) {
    if (!globalThis.VideoDecoder) return false;
    return VideoDecoder.isConfigSupported(configOf(format))
      .then(({ supported }) => supported)
      .catch(() => false);
  }

  constructor(screen, { onPicture, onError }) {
    this.#decoder = new VideoDecoder({
      output: (frame) => {
        this.framesDecoded += 1;
        const captureUs = frame.timestamp;
        if (captureUs >= this.#begunUs) this.#shownUs = captureUs;
        screen.draw(frame);
        frame.close();
        onPicture({ captureUs });
      },
      error: onError,
    });
  }

  configure(format) {
    this.#config = configOf(format);
    this.#isNewFormat = true;
    this.#needsIdr = true;
  }

  /** Throws what `VideoDecoder.decode` raises. */
  add({ isIdr, isLeading = false, captureUs, offsetUs = 0, data }) {
    const lagUs = this.#shownUs > 0 ? this.#newestUs - this.#shownUs : 0;
    if (lagUs > MAX_LAG_US) this.#needsIdr ||= performance.now() > this.#catchesUpUntil;
    else if (this.#shownUs > 0) this.#catchesUpUntil = 0;
    if (isIdr) this.#leavesOutLeading = this.#needsIdr;
    if (isIdr && this.#needsIdr) this.#begin(captureUs);
    if (this.#needsIdr || (isLeading && this.#leavesOutLeading)) {
      this.framesDropped += 1;
      return;
    }
    this.#newestUs = captureUs;
    const type = isIdr ? "key" : "delta";
    this.#decoder.decode(new EncodedVideoChunk({ type, timestamp: captureUs + offsetUs, data }));
  }

  close() {
    if (this.#decoder.state !== "closed") this.#decoder.close();
  }

  #begin(captureUs) {
    this.framesDropped += this.#decoder.decodeQueueSize;
    // A decoder made anew takes its time: one that has caught up by now just goes on.
    if (this.#isNewFormat || this.#decoder.decodeQueueSize) {
      this.#decoder.reset();
      if (this.#config) this.#decoder.configure(this.#config);
      this.#isNewFormat = false;
    }
    this.#needsIdr = false;
    this.#begunUs = captureUs;
    this.#catchesUpUntil = performance.now() + CATCH_UP_MS;
    this.#shownUs = 0;
  }
}

function configOf({ codec, width, height, description }) {
  const size = { codedWidth: width, codedHeight: height };
  return { codec, ...size, description, optimizeForLatency: true };
}
