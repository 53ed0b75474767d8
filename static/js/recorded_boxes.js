/** The boxes of what was seen, in step with a `<video>` that plays a recording. */

import { RecordedWindows } from "./recorded_windows.js";

/**
 * @typedef {import("./tracks.js").Box} Box
 * @typedef {(name: string, fromS: number, toS: number, signal: AbortSignal) => Promise<any>} Load
 */

/**
 * Calls `show` for each picture that the video shows, and when its boxes have come; `load` is
 * `Api.recordedDetections`. It asks for one window at a time, that of the picture on screen first.
 * Where boxes can't be had there are none, and it asks again a little later.
 */
export class RecordedBoxes {
  #video;
  #load;
  #show;
  #isOn = true;
  /** @type {Playing | null} */
  #playing = null;

  /**
   * @param {HTMLVideoElement} video
   * @param {Load} load
   * @param {(boxes: Box[]) => void} show
   */
  constructor(video, load, show) {
    this.#video = video;
    this.#load = load;
    this.#show = show;
  }

  /**
   * From now on the video plays the recording `name`, or a part of it that begins at `offsetS`.
   *
   * @param {string} name
   * @param {number} [offsetS]
   */
  start(name, offsetS = 0) {
    this.stop();
    const load = (fromS, toS, signal) => this.#load(name, fromS, toS, signal);
    this.#playing = new Playing(this.#video, offsetS, load, this.#show);
    this.#playing.isOn = this.#isOn;
  }

  /** Idempotent. */
  stop() {
    this.#playing?.stop();
    this.#playing = null;
    this.#show([]);
  }

  get isOn() {
    return this.#isOn;
  }

  set isOn(isOn) {
    this.#isOn = isOn;
    if (this.#playing) this.#playing.isOn = isOn;
  }
}

/** One recording, from its first picture to the next recording. */
class Playing {
  #video;
  #offsetS;
  #load;
  #show;
  #isOn = false;
  #windows = new RecordedWindows();
  /** Of the picture on screen, in the recording; null before the first. @type {number | null} */
  #timeS = null;
  #end = new AbortController();
  /** @type {{ number: number, abort: AbortController } | null} */
  #request = null;

  constructor(video, offsetS, load, show) {
    this.#video = video;
    this.#offsetS = offsetS;
    this.#load = load;
    this.#show = show;
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) this.#shown(video.currentTime);
    this.#follow();
  }

  stop() {
    this.#end.abort();
    this.#cancel();
  }

  set isOn(isOn) {
    this.#isOn = isOn;
    if (!isOn) this.#cancel();
    this.#draw();
  }

  /** Where the browser does not tell which picture is on screen, its clock does, nearly. */
  #follow() {
    const { signal } = this.#end;
    const video = this.#video;
    if (!video.requestVideoFrameCallback) {
      const look = () => {
        if (signal.aborted) return;
        if (!video.seeking && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
          this.#shown(video.currentTime);
        }
        if (!video.paused) requestAnimationFrame(look);
      };
      for (const type of ["play", "seeked", "loadeddata"]) video.addEventListener(type, look, { signal });
      look();
      return;
    }
    const look = (_now, { mediaTime }) => {
      if (signal.aborted) return;
      video.requestVideoFrameCallback(look);
      this.#shown(mediaTime);
    };
    video.requestVideoFrameCallback(look);
  }

  #shown(mediaTimeS) {
    const timeS = mediaTimeS + this.#offsetS;
    if (timeS === this.#timeS) return;
    this.#timeS = timeS;
    this.#draw();
  }

  #draw() {
    if (this.#end.signal.aborted || this.#timeS === null) return;
    this.#show(this.#isOn ? this.#windows.boxesAt(this.#timeS) : []);
    if (this.#isOn) this.#fetch();
  }

  async #fetch() {
    const wanted = this.#windows.wanted(this.#timeS ?? 0, performance.now());
    if (!wanted || wanted.number === this.#request?.number) return;
    this.#cancel(); // somebody has jumped elsewhere
    const abort = new AbortController();
    this.#request = { number: wanted.number, abort };
    const answer = await this.#load(wanted.fromS, wanted.toS, abort.signal).catch(() => null);
    if (abort.signal.aborted) return;
    this.#request = null;
    this.#windows.add(wanted.number, answer, performance.now());
    this.#draw();
  }

  #cancel() {
    this.#request?.abort.abort();
    this.#request = null;
  }
}
