/** Plays one recording in a `<video>`: time, speed, single pictures. */

import { clamp, stretchesOf } from "./bar.js";
import { PictureSteps } from "./picture_steps.js";
import { Skim } from "./skim.js";
import { isTooFast, nextSpeed } from "./speeds.js";

const MEASURE_MS = 2_000;
/** So near to its end a video has ended: its last picture is shown. */
const END_S = 0.05;

/**
 * Sends `change` when `state`, `speed` or `duration` has changed, and `time` as it goes on.
 * `state`: "empty", "loading", "playing", "paused", "ended" or "failed" (`failure` says why: "format"
 * or "network").
 */
export class RecordingPlayer extends EventTarget {
  failure = "";
  #video;
  #state = "empty";
  #speed = 1;
  #isWanted = false;
  #length_s = 0;
  #target_s = NaN;
  /** What the video is seeking, while somebody may want another place already. */
  #sought_s = NaN;
  #steps;
  #skim;
  #measure = 0;
  #cantKeepUpWith = Infinity;

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    super();
    this.#video = video;
    this.#steps = new PictureSteps(video);
    this.#skim = new Skim(video, () => this.#ended());
    const listen = (types, handle) => {
      for (const type of types) video.addEventListener(type, handle);
    };
    listen(["playing", "pause", "canplay", "waiting", "loadeddata"], () => this.#look());
    listen(["durationchange", "progress"], () => this.#tell("change"));
    listen(["timeupdate"], () => this.#tell("time"));
    listen(["seeked"], () => this.#seeked());
    listen(["ended"], () => this.#ended());
    listen(["error"], () => this.#failed());
  }

  get state() {
    return this.#state;
  }

  get isPlaying() {
    return this.#isWanted;
  }

  get speed() {
    return this.#speed;
  }

  get duration() {
    const { duration } = this.#video;
    return Number.isFinite(duration) && duration > 0 ? duration : this.#length_s;
  }

  /** Where it is, or is going to. */
  get time() {
    return Number.isNaN(this.#target_s) ? this.#video.currentTime : this.#target_s;
  }

  get buffered() {
    return this.#video.buffered;
  }

  /**
   * @param {string} url
   * @param {{ at_s?: number, length_s?: number, gaps?: {from: number, to: number}[] }} [options]
   */
  load(url, { at_s = 0, length_s = 0, gaps = [] } = {}) {
    this.#skim.stop();
    this.#isWanted = true;
    this.#length_s = length_s;
    this.#target_s = NaN;
    this.#steps.gaps = gaps;
    this.failure = "";
    this.#become("loading");
    const video = this.#video;
    video.src = url;
    if (at_s > 0) video.addEventListener("loadedmetadata", () => this.seek(at_s), { once: true });
    this.#apply();
    this.play();
  }

  /** Lets go of the file and its connection. */
  unload() {
    this.#skim.stop();
    this.#isWanted = false;
    this.#become("empty");
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  play() {
    if (this.#state === "ended" || this.duration - this.time < END_S) this.seek(0);
    this.#isWanted = true;
    if (this.#speed >= this.#cantKeepUpWith) this.#skimOn();
    else this.#start();
    this.#look();
  }

  pause() {
    this.#isWanted = false;
    this.#skim.stop();
    this.#video.pause();
    this.#look();
  }

  toggle() {
    if (this.#isWanted) this.pause();
    else this.play();
  }

  /** Goes to `time_s`; of many in a row the last counts. */
  seek(time_s) {
    const target_s = clamp(time_s, 0, Math.max(0, this.duration - END_S / 2));
    const isSkimming = this.#skim.isOn;
    this.#skim.stop();
    const isBusy = !Number.isNaN(this.#target_s) && this.#video.seeking;
    this.#target_s = target_s;
    if (!isBusy) this.#goTo(target_s);
    if (this.#state === "ended") this.#look();
    if (isSkimming) this.#skimOn();
    this.#tell("time");
  }

  /** @param {1 | -1} direction */
  async step(direction) {
    this.pause();
    await this.#steps.step(direction);
    this.#tell("time");
  }

  set speed(speed) {
    if (speed === this.#speed) return;
    this.#speed = speed;
    const isSkimming = this.#skim.isOn;
    this.#skim.stop();
    this.#apply();
    if (this.#isWanted && (isSkimming || speed >= this.#cantKeepUpWith)) this.play();
    this.#tell("change");
  }

  /** @param {1 | -1} direction */
  changeSpeed(direction) {
    this.speed = nextSpeed(this.#speed, direction);
  }

  #apply() {
    this.#video.playbackRate = this.#video.defaultPlaybackRate = this.#speed;
    this.#measureFrom = null;
  }

  #measureFrom = /** @type {{time_s: number, at: number} | null} */ (null);

  #start() {
    this.#measureFrom = null;
    this.#video.play().catch((error) => {
      if (error.name !== "NotAllowedError") return; // another one has begun
      this.#isWanted = false; // the browser wants a click
      this.#look();
    });
    clearInterval(this.#measure);
    this.#measure = setInterval(() => this.#keepUp(), MEASURE_MS);
  }

  #skimOn() {
    clearInterval(this.#measure);
    this.#skim.start(this.#speed);
    this.#look();
  }

  /** Where the device is too slow for the speed, pictures are left out. */
  #keepUp() {
    const { paused, seeking, currentTime: time_s } = this.#video;
    if (paused) return clearInterval(this.#measure);
    const at = performance.now();
    const from = this.#measureFrom;
    const isSteady = !seeking && this.#isLoaded(time_s); // else it is the network that is slow
    this.#measureFrom = isSteady ? { time_s, at } : null;
    if (!from || !isSteady || time_s < from.time_s) return;
    if (!isTooFast(this.#speed, time_s - from.time_s, (at - from.at) / 1000)) return;
    this.#cantKeepUpWith = this.#speed;
    this.#skimOn();
  }

  /** Whether the next second of playing is there. */
  #isLoaded(time_s) {
    const { buffered, duration } = this.#video;
    const end_s = Math.min(time_s + this.#speed, duration - END_S);
    return stretchesOf(buffered).some(({ from, to }) => from <= time_s && to >= end_s);
  }

  #seeked() {
    if (Number.isNaN(this.#target_s)) return;
    if (this.#target_s !== this.#sought_s) return this.#goTo(this.#target_s);
    this.#target_s = NaN;
    this.#measureFrom = null;
    this.#look();
    this.#tell("time");
  }

  #goTo(time_s) {
    this.#sought_s = time_s;
    this.#video.currentTime = time_s;
  }

  #ended() {
    if (this.#state === "empty") return;
    this.#isWanted = false;
    this.#become("ended");
  }

  #failed() {
    const { error } = this.#video;
    if (!error || this.#state === "empty") return;
    this.#isWanted = false;
    this.#skim.stop();
    this.failure = error.code === MediaError.MEDIA_ERR_NETWORK ? "network" : "format";
    this.#become("failed");
  }

  /** What the video says of itself. */
  #look() {
    const { error, readyState } = this.#video;
    if (this.#state === "empty" || error) return;
    const isThere = readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    if (!isThere) return this.#become("loading");
    if (this.#state === "ended" && !this.#isWanted && Number.isNaN(this.#target_s)) return;
    this.#become(this.#isWanted ? "playing" : "paused");
  }

  #become(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#tell("change");
  }

  #tell(type) {
    this.dispatchEvent(new Event(type));
  }
}
