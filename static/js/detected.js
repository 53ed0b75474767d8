/** The boxes over the live picture: what the detector sees, drawn where it is by now. */

import { DetectionFeed } from "./detections.js";
import { Overlay } from "./overlay.js";
import { remember, remembered } from "./preferences.js";
import { Sightings } from "./tracks.js";

const KEY = "pet-stream.boxes";

/**
 * Sends `detections` with each message of a detector, and `switched` when `isOn` may be another. The
 * detector is listened to while boxes are wanted, or somebody else wants to know (`isWatched`): it costs
 * the server something.
 */
export class Detected extends EventTarget {
  isOn = true;
  /** Somebody wants to be told, whether boxes are drawn or not. */
  isWatched = false;
  #overlay;
  #sightings = new Sightings();
  /** @type {DetectionFeed|null} */
  #feed = null;
  /** The server's wall clock minus the clock of capture times, as a picture told it. */
  #wallUs = NaN;

  /** `getView()`: which part of the picture is shown, as in `zoom.js`. */
  constructor(canvas, screen, getView) {
    super();
    this.#overlay = new Overlay(canvas, screen, getView);
  }

  /** Those drawn now, in pixels of the picture. */
  get boxes() {
    return this.#overlay.boxes;
  }

  set fit(fit) {
    this.#overlay.fit = fit;
  }

  /** Whose detector it is. */
  set api(api) {
    this.#feed?.stop();
    this.#feed = new DetectionFeed(api, this.#sightings, (update) => this.#told(update));
  }

  /** As somebody chose on this device, or else `isOn`. */
  begin(isOn) {
    this.switch(remembered(KEY) ?? isOn);
  }

  /** `isChoice`: of a person, whom this device belongs to. */
  switch(isOn, { isChoice = false } = {}) {
    this.isOn = isOn;
    if (isChoice) remember(KEY, isOn);
    if (!isOn) this.#overlay.show([]);
    this.dispatchEvent(new Event("switched"));
  }

  /** Listens while `isWanted`: somebody looks at the picture of a camera with a detector. */
  follow(isWanted) {
    if (isWanted && (this.isOn || this.isWatched)) this.#feed?.start();
    else this.#feed?.stop();
  }

  /** `picture` is on screen: `{rtpTimestamp}` or `{captureUs}`, and `wallMs`; null: none that is live. */
  draw(picture) {
    const isIdle = !picture || this.#sightings.isEmpty;
    const timeUs = isIdle ? null : this.#sightings.captureTimeOf(picture, performance.now() * 1000);
    if (timeUs !== null && picture.wallMs) this.#wallUs = picture.wallMs * 1000 - timeUs;
    this.#overlay.show(timeUs === null || !this.isOn ? [] : this.#sightings.boxesAt(timeUs));
  }

  /** The time of a capture by the server's clock; null as long as no picture has told it. */
  capturedAt(captureUs) {
    return Number.isNaN(this.#wallUs) ? null : new Date((captureUs + this.#wallUs) / 1000);
  }

  redraw() {
    this.#overlay.redraw();
  }

  #told(detail) {
    this.dispatchEvent(new CustomEvent("detections", { detail }));
  }
}
