/** What a player is made of: the picture, and what lies over it. */

import { Controls } from "./controls.js";
import { Detected } from "./detected.js";
import { element, setText } from "./dom.js";
import { Gestures } from "./gestures.js";
import { said, translate } from "./i18n.js";
import { QualityPanel } from "./quality.js";
import { Screen } from "./screen.js";
import { Veil } from "./veil.js";
import { WHOLE, isZoomed } from "./zoom.js";

const NOTE_MS = 3_000;

export class Frame {
  node = element("div", {
    class: "frame",
    part: "frame",
    tabindex: "0",
    role: "group",
    "aria-describedby": "keys",
  });
  video = element("video", {
    part: "video",
    autoplay: "",
    playsinline: "",
    disableremoteplayback: "",
  });
  screen;
  veil;
  quality;
  controls;
  gestures;
  detected;
  #stage;
  #badge = element("span", { class: "badge", part: "badge", "aria-hidden": "true" });
  #note = element("p", { class: "note-over", part: "note", "aria-hidden": "true" });
  #spoken = element("p", { class: "spoken", role: "status" });
  #noteTimer = 0;

  /**
   * `goOn()`: the veil's button; `getStats()`: for the readout; `actions(screen, node)`: those of the
   * controls that need more than this frame.
   */
  constructor({ goOn, getStats, actions }) {
    const { node, video } = this;
    video.muted = true; // the attribute counts for parsed elements only
    const picture = element("canvas", { class: "picture", part: "picture", "aria-hidden": "true" });
    const boxes = element("canvas", { class: "boxes", part: "boxes", "aria-hidden": "true" });
    const keys = said("p", "player.keys", { class: "spoken", id: "keys" });
    this.#stage = element("div", { class: "stage", part: "stage" }, video, picture);
    this.screen = new Screen(video, picture);
    this.veil = new Veil(goOn);
    this.quality = new QualityPanel(getStats);
    this.controls = new Controls(node, {
      whole: () => this.gestures.reset(),
      boxes: () => this.detected.switch(!this.detected.isOn, { isChoice: true }),
      quality: () => this.showQuality(!this.quality.isOpen),
      ...actions(this.screen, node),
    });
    this.gestures = new Gestures(node, isControl);
    this.detected = new Detected(boxes, this.screen, () => this.gestures.view);
    const over = [this.quality.node, this.#badge, this.veil.node, this.#note, this.controls.node];
    node.append(this.#stage, boxes, ...over, keys, this.#spoken);
    this.#wire();
  }

  /** What a screen reader calls it. */
  set label(words) {
    this.node.setAttribute("aria-label", words);
  }

  /** How the picture fills a frame of another shape: `contain`, `cover` or `fill`; "": it has its own. */
  set fit(fit) {
    this.node.dataset.fit = fit;
    this.detected.fit = fit;
  }

  /** `words` of the state, for eyes and ears. */
  tell(badge, words) {
    setText(this.#badge, badge);
    setText(this.#spoken, words);
  }

  /** Says for a moment what was done. */
  note(words) {
    clearTimeout(this.#noteTimer);
    setText(this.#note, words);
    setText(this.#spoken, words);
    this.#note.toggleAttribute("data-shown", true);
    this.#noteTimer = setTimeout(() => this.#note.removeAttribute("data-shown"), NOTE_MS);
  }

  /** Says everything in the language of now. */
  speak() {
    translate(this.node);
    this.controls.speak();
  }

  showQuality(isOpen) {
    this.quality.toggle(isOpen);
    this.controls.setPressed("quality", isOpen);
  }

  #wire() {
    const { node, controls, gestures, detected } = this;
    node.addEventListener("keydown", (event) => this.#pressed(event));
    gestures.addEventListener("double", () => controls.press("f"));
    gestures.addEventListener("tap", () => controls.toggle());
    gestures.addEventListener("view", () => this.#zoom());
    detected.addEventListener("detections", () => controls.setPresent("boxes", true));
    detected.addEventListener("switched", () => controls.setPressed("boxes", detected.isOn));
    this.screen.addEventListener("resize", () => this.#resized());
    controls.setPresent("boxes", false); // until there is a detector
    controls.setPresent("whole", false);
  }

  #pressed(event) {
    if (event.target.closest(".sheet")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isOurs = this.controls.press(event.key) || this.gestures.press(event.key);
    if (isOurs) event.preventDefault();
    else if (event.key === "Escape" && this.quality.isOpen) this.showQuality(false);
  }

  #zoom() {
    const { view } = this.gestures;
    const { scale, x, y } = view;
    this.#stage.style.transform =
      view === WHOLE ? "" : `translate(${x * 100}%, ${y * 100}%) scale(${scale})`;
    this.controls.setPresent("whole", isZoomed(view));
    this.detected.redraw();
  }

  /** It takes the picture's own shape. */
  #resized() {
    const { width, height } = this.screen;
    this.node.style.setProperty("--ratio", String(width / height));
    this.detected.redraw();
  }
}

function isControl({ target }) {
  return Boolean(target.closest("button, .quality, .sheet"));
}
