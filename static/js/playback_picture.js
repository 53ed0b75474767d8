/** The picture of a recording: zoom, detections, and the one that stays while another file loads. */

import { element } from "./dom.js";
import { Gestures } from "./gestures.js";
import { Overlay } from "./overlay.js";
import { saveSnapshot } from "./picture_out.js";
import { remember, remembered } from "./preferences.js";
import { WHOLE, isZoomed } from "./zoom.js";

const BOXES_KEY = "pet-stream.boxes";
const CLICK_SLACK_PX = 5;

/**
 * Lies in `frame`. Sends `shown` when a picture is there, `click` for a click on it, `tap` for a
 * finger's, and `double`.
 */
export class PlaybackPicture extends EventTarget {
  hasBoxes = remembered(BOXES_KEY) ?? true;
  #api;
  #frame;
  #boxes = element("canvas", { class: "boxes", "aria-hidden": "true" });
  #held = element("canvas", { class: "held", "aria-hidden": "true", hidden: "" });
  #film;
  #gestures;
  #overlay;
  /** @type {import("./recorded_boxes.js").RecordedBoxes | null} */
  #recordedBoxes = null;
  #boxesOf = "";
  #pressedAt = { x: 0, y: 0 };

  /**
   * @param {HTMLElement} frame
   * @param {import("./api.js").Api} api
   * @param {(event: Event) => boolean} isControl what is no click on the picture
   */
  constructor(frame, api, isControl) {
    super();
    this.#api = api;
    this.#frame = frame;
    this.video = element("video", { playsinline: "", preload: "auto", disableremoteplayback: "" });
    this.video.muted = true;
    this.#film = element("div", { class: "film" }, this.video, this.#held);
    frame.append(this.#film, this.#boxes);
    this.#gestures = new Gestures(frame, isControl);
    this.#overlay = new Overlay(this.#boxes, screenOf(this.video), () => this.#gestures.view);
    this.#wire(isControl);
  }

  /** In pixels; null before there is one. */
  get size() {
    const { videoWidth: width, videoHeight: height } = this.video;
    return width ? { width, height } : null;
  }

  get isZoomed() {
    return isZoomed(this.#gestures.view);
  }

  /** @param {string} key + or - */
  zoom(key) {
    this.#gestures.press(key);
  }

  reset() {
    this.#gestures.reset();
  }

  /** The picture of now stays until there is another. */
  hold() {
    this.#overlay.show([]);
    if (!this.size) return;
    Object.assign(this.#held, this.size);
    this.#held.getContext("2d")?.drawImage(this.video, 0, 0);
    this.#held.hidden = false;
  }

  letGo() {
    this.#held.hidden = true;
  }

  /** @param {Date} date when it was taken */
  save(date) {
    return saveSnapshot({ surface: this.video, ...this.size }, date);
  }

  // Detections

  /** @param {string} name of a recording that has some; "": there is none */
  async showBoxes(name) {
    this.#boxesOf = name;
    this.#recordedBoxes?.stop();
    if (!name) return;
    const { RecordedBoxes } = await import("./recorded_boxes.js");
    if (name !== this.#boxesOf) return;
    this.#recordedBoxes ??= new RecordedBoxes(
      this.video,
      (...wanted) => this.#api.recordedDetections(...wanted),
      (boxes) => this.#overlay.show(boxes),
    );
    this.#recordedBoxes.isOn = this.hasBoxes;
    this.#recordedBoxes.start(name);
  }

  switchBoxes() {
    this.hasBoxes = !this.hasBoxes;
    remember(BOXES_KEY, this.hasBoxes);
    if (this.#recordedBoxes) this.#recordedBoxes.isOn = this.hasBoxes;
  }

  // What people do

  #wire(isControl) {
    this.#gestures.addEventListener("view", () => this.#show());
    this.#gestures.addEventListener("tap", () => this.#send("tap"));
    this.#gestures.addEventListener("double", () => this.#send("double"));
    this.#frame.addEventListener("pointerdown", ({ clientX: x, clientY: y }) => {
      this.#pressedAt = { x, y };
    });
    this.#frame.addEventListener("click", (event) => {
      const { x, y } = this.#pressedAt;
      const isDrag = Math.hypot(event.clientX - x, event.clientY - y) > CLICK_SLACK_PX;
      const { pointerType } = /** @type {PointerEvent} */ (event);
      if (!isDrag && !isControl(event) && pointerType !== "touch") this.#send("click");
    });
    for (const type of ["loadeddata", "seeked"]) {
      this.video.addEventListener(type, () => this.#shown());
    }
    this.video.addEventListener("resize", () => this.#overlay.redraw());
  }

  #shown() {
    if (!this.size) return;
    this.letGo();
    this.#send("shown");
  }

  #show() {
    const { scale, x, y } = this.#gestures.view;
    this.#film.style.transform =
      this.#gestures.view === WHOLE ? "" : `translate(${x * 100}%, ${y * 100}%) scale(${scale})`;
    this.#overlay.redraw();
  }

  #send(type) {
    this.dispatchEvent(new Event(type));
  }
}

/** What an overlay needs to know of a video. */
function screenOf(video) {
  return {
    get width() {
      return video.videoWidth;
    },
    get height() {
      return video.videoHeight;
    },
  };
}
