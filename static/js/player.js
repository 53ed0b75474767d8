/**
 * `<pet-stream src="…">`: the live picture in any page, by one element and this one module.
 *
 * Attributes, which may change at any time (as properties: `src`, `label`, `decoder`, `pauseAfter`,
 * `controls`, `autoplay`):
 *   src          the server's base (origin and prefix; empty: where this module came from)
 *   label        the accessible name
 *   lang         the language of what it says, for the whole page (else that of what it stands in)
 *   transport    auto (WebRTC, else WebSocket), webrtc or websocket
 *   decoder      of the latter: auto (WebCodecs, else MSE), webcodecs or mse
 *   pause-after  seconds until a hidden page stops watching (60), or never
 *   boxes        off: detections are not drawn until somebody switches them on
 *   controls     off: no buttons over the picture (its keys work)
 *   autoplay     off: nothing is watched before `start()`, or before somebody asks for the picture
 * Events (bubbling): `pet-stream:state` with `detail {state, reason, transport}`;
 *   `pet-stream:signed-in` when somebody has signed in here; `pet-stream:size` with `detail {width,
 *   height}` of the picture; `pet-stream:fullscreen` before it goes to the whole screen or back,
 *   which `preventDefault()` leaves to the page.
 * Properties: `state`, `transport`, `video`, `api`, `boxes` (those drawn now, in pixels of the
 * picture); methods: `start()`, `stop()`, `retry()`, `stats()`, `snapshot()`.
 * The present state stands in `data-player-state`, the way in `data-player-transport`.
 */

import { Api } from "./api.js";
import { Controls } from "./controls.js";
import { DetectionFeed } from "./detections.js";
import { element, setText } from "./dom.js";
import { Gestures } from "./gestures.js";
import {
  addWords,
  followLanguage,
  language,
  onLanguage,
  pace,
  said,
  text,
  translate,
} from "./i18n.js";
import { Overlay } from "./overlay.js";
import { Peer } from "./peer.js";
import * as out from "./picture_out.js";
import { QualityPanel } from "./quality.js";
import { Screen } from "./screen.js";
import { State } from "./state.js";
import { Sightings } from "./tracks.js";
import { Veil } from "./veil.js";
import { lastingMemory } from "./ways.js";
import { WHOLE, isZoomed } from "./zoom.js";

const STYLE = new URL("../css/player.css", import.meta.url).href;
const PAUSE_AFTER_S = 60;
const ACTIVE_LOOK_MS = 5_000;
const BOXES_KEY = "pet-stream.boxes";

/** Of these a new connection is made. */
const CONNECTING_ATTRIBUTES = ["src", "link", "camera", "transport", "decoder", "pause-after"];

export class PetStream extends HTMLElement {
  static observedAttributes = [...CONNECTING_ATTRIBUTES, "label", "boxes", "controls", "lang"];

  #api = null;
  #peer = null;
  #screen = null;
  #parts = null;
  #veil = null;
  #controls = null;
  #gestures = null;
  #quality = null;
  #overlay = null;
  #sightings = new Sightings();
  #feed = null;
  #signIn = null;
  #hasBoxes = true;
  #isInside = false;
  #isToRenew = false;
  #wasRunning = false;
  #news = "";
  #lookTimer = 0;
  /** @type {AbortController | null} Ends what lasts while it is in the page. */
  #stay = null;

  get state() {
    return this.#peer?.state ?? State.CLOSED;
  }

  get transport() {
    return this.#peer?.transport ?? "";
  }

  get video() {
    return this.#parts?.video ?? null;
  }

  get boxes() {
    return this.#overlay?.boxes ?? [];
  }

  get api() {
    if (!this.#api) {
      this.#api = new Api(this.getAttribute("src") ?? "", this.getAttribute("link"));
      this.#api.camera = this.getAttribute("camera") ?? "";
    }
    return this.#api;
  }

  start() {
    this.#peer?.start();
  }

  stop() {
    this.#peer?.stop();
  }

  retry() {
    this.#peer?.retryNow();
  }

  /** Ends the stream and keeps its last picture, until `resume()`. */
  hold() {
    this.#peer?.hold();
  }

  resume() {
    this.#peer?.resume();
  }

  get isHeld() {
    return this.#peer?.reason.code === "held";
  }

  /** Numbers about the present connection, as the readout shows them; null without one. */
  async stats() {
    return this.#peer?.stats() ?? null;
  }

  /** Saves the picture as a PNG file. */
  snapshot() {
    return out.saveSnapshot(this.#screen);
  }

  connectedCallback() {
    if (this.#isInside) return; // moved to another place in the page, it goes on watching
    this.#isInside = true;
    const isFirst = !this.shadowRoot;
    if (isFirst) this.#build();
    this.#stay = new AbortController();
    document.addEventListener("visibilitychange", this.#watchDetections);
    onLanguage(() => this.#speak(), this.#stay);
    if (isFirst) followLanguage(); // its own attribute counts
    else this.#speak();
    this.#lookTimer = setInterval(() => this.#lookWhichIsActive(), ACTIVE_LOOK_MS);
    if (isFirst ? this.getAttribute("autoplay") !== "off" : this.#wasRunning) this.start();
    else this.#show();
  }

  disconnectedCallback() {
    queueMicrotask(() => this.#isInside && !this.isConnected && this.#leave());
  }

  attributeChangedCallback(name, before, now) {
    if (!this.#parts || before === now) return;
    if (name === "label") this.#parts.frame.setAttribute("aria-label", this.#label);
    else if (name === "lang") followLanguage();
    else if (name === "boxes") this.#switchBoxes(now !== "off");
    else if (name === "controls") this.#controls.node.hidden = now === "off";
    else this.#renewSoon();
    if (["src", "link", "camera"].includes(name)) this.#api = null;
  }

  #leave() {
    this.#isInside = false;
    this.#wasRunning = this.state !== State.CLOSED;
    this.stop();
    this.#stay.abort();
    document.removeEventListener("visibilitychange", this.#watchDetections);
    clearInterval(this.#lookTimer);
    this.#feed.stop();
    this.#veil.stop();
    this.#quality.toggle(false);
  }

  /** Several attributes that change together make one new connection. */
  #renewSoon() {
    if (this.#isToRenew) return;
    this.#isToRenew = true;
    queueMicrotask(() => {
      this.#isToRenew = false;
      const isRunning = this.state !== State.CLOSED;
      this.stop();
      this.#feed.stop();
      this.#makePeer();
      if (isRunning) this.start();
    });
  }

  // Putting it together

  #build() {
    const video = element("video", { autoplay: "", playsinline: "", disableremoteplayback: "" });
    video.muted = true; // the attribute counts for parsed elements only
    const picture = element("canvas", { class: "picture", "aria-hidden": "true" });
    const boxes = element("canvas", { class: "boxes", "aria-hidden": "true" });
    const stage = element("div", { class: "stage" }, video, picture);
    const badge = element("span", { class: "badge", "aria-hidden": "true" });
    const spoken = element("p", { class: "spoken", role: "status" });
    const keys = said("p", "player.keys", { class: "spoken", id: "keys" });
    const frame = element("div", {
      class: "frame",
      tabindex: "0",
      role: "group",
      "aria-label": this.#label,
      "aria-describedby": "keys",
      hidden: "",
    });
    this.#parts = { video, stage, frame, badge, spoken };
    this.#screen = new Screen(video, picture);
    this.#veil = new Veil(() => this.#goOn());
    this.#quality = new QualityPanel(() => this.stats());
    this.#controls = new Controls(frame, this.#actions());
    this.#gestures = new Gestures(frame, isControl);
    this.#overlay = new Overlay(boxes, this.#screen, () => this.#gestures.view);
    const { node: veil } = this.#veil;
    frame.append(stage, boxes, this.#quality.node, badge, veil, this.#controls.node, keys, spoken);
    const style = element("link", { rel: "stylesheet", href: STYLE });
    style.onload = style.onerror = () => {
      frame.removeAttribute("hidden");
      this.dataset.playerReady = "";
    };
    this.attachShadow({ mode: "open" }).append(style, frame);
    this.#wire();
    this.#controls.setPresent("boxes", false); // until there is a detector
    this.#controls.setPresent("whole", false);
    this.#controls.node.hidden = this.getAttribute("controls") === "off";
    this.#switchBoxes(remembered(BOXES_KEY) ?? this.getAttribute("boxes") !== "off");
  }

  get #label() {
    return this.getAttribute("label") ?? text("player.label");
  }

  #makePeer() {
    this.#feed = new DetectionFeed(this.api, this.#sightings, () =>
      this.#controls.setPresent("boxes", true),
    );
    const peer = (this.#peer = new Peer({
      api: this.api,
      screen: this.#screen,
      transport: this.getAttribute("transport") ?? "auto",
      decoder: this.getAttribute("decoder") ?? "auto",
      pauseAfterMs: pauseAfterMs(this.getAttribute("pause-after")),
      memory: lastingMemory(`pet-stream.ways ${this.getAttribute("src") ?? ""}`),
    }));
    peer.addEventListener("change", () => this.#show());
    peer.addEventListener("picture", ({ detail }) => this.#drawBoxes(detail));
  }

  #actions() {
    const { frame, video } = this.#parts;
    const actions = {
      whole: () => this.#gestures.reset(),
      boxes: () => this.#switchBoxes(!this.#hasBoxes, { isChoice: true }),
      snapshot: () => this.snapshot(),
      quality: () => this.#showQuality(!this.#quality.isOpen),
    };
    if (out.hasSmallWindow()) {
      actions.small = () => out.toggleSmallWindow(this.#screen).catch(() => {}); // it was refused
    }
    if (out.hasFullScreen(frame, video)) actions.full = () => this.#toggleFullScreen();
    return actions;
  }

  /** A page that has more to show on the whole screen prevents the event's default. */
  #toggleFullScreen() {
    const { frame, video } = this.#parts;
    const options = { bubbles: true, composed: true, cancelable: true };
    const event = new CustomEvent("pet-stream:fullscreen", options);
    if (this.dispatchEvent(event)) out.toggleFullScreen(frame, video);
  }

  #wire() {
    const { frame } = this.#parts;
    frame.addEventListener("keydown", (event) => this.#pressed(event));
    this.#gestures.addEventListener("double", () => this.#controls.press("f"));
    this.#gestures.addEventListener("tap", () => this.#controls.toggle());
    this.#gestures.addEventListener("view", () => this.#zoom());
    this.#screen.addEventListener("resize", () => this.#fit());
    this.#makePeer();
  }

  /** The veil's button. Where nobody is signed in, it asks for that. */
  async #goOn() {
    const { state, reason } = this.#peer;
    if (reason.code === "held") return this.resume();
    if (state !== State.NOT_ALLOWED || reason.code !== "unauthorized") return this.retry();
    const { auth } = await this.api.session().catch(() => ({}));
    if (auth !== "builtin") return this.retry();
    const [{ SignInSheet }] = await Promise.all([import("./sign_in.js"), addWords("account")]);
    this.#signIn ??= new SignInSheet(this.api, () => this.#signedIn());
    if (!this.#signIn.node.isConnected) this.#parts.frame.append(this.#signIn.node);
    return this.#signIn.open();
  }

  #signedIn() {
    this.retry();
    this.dispatchEvent(new CustomEvent("pet-stream:signed-in", { bubbles: true, composed: true }));
  }

  // State

  /** Says everything in the language of now. */
  #speak() {
    translate(this.shadowRoot);
    this.#controls.speak();
    this.#parts.frame.setAttribute("aria-label", this.#label);
    this.#show();
  }

  #show() {
    const { state, reason, transport, thinnedTo } = this.#peer;
    const words = this.#veil.show(this.#peer);
    const isLive = state === State.LIVE;
    if (!isLive) this.#overlay.show([]);
    // The camera's own words count seconds: that is read, but no news.
    const isOther = this.api.isInactive;
    const told = state === State.CAMERA_OFFLINE ? "" : reason.code;
    const news = [state, told, transport, isOther, thinnedTo, language()].join(" ");
    if (news === this.#news) return;
    this.#news = news;
    const isFallback = transport === "websocket";
    this.dataset.playerState = state;
    this.dataset.playerTransport = transport;
    const live = isOther ? "player.inactive" : isFallback ? "player.live.fallback" : "player.live";
    this.toggleAttribute("data-player-inactive", isOther);
    this.toggleAttribute("data-player-slow", thinnedTo !== null);
    const badge = thinnedTo === null ? text(live) : pace(thinnedTo);
    setText(this.#parts.badge, badge);
    setText(this.#parts.spoken, isLive && badge !== text("player.live") ? badge : words);
    this.#watchDetections();
    const detail = { state, reason: reason.code, words: reason.words, transport };
    this.dispatchEvent(
      new CustomEvent("pet-stream:state", { detail, bubbles: true, composed: true }),
    );
  }

  /** Only one that was asked for by name may be another one than the active one. */
  async #lookWhichIsActive() {
    if (!this.api.camera || this.state !== State.LIVE) return;
    await this.api.health().catch(() => {}); // next time
    this.#show();
  }

  // Boxes

  #watchDetections = () => {
    const isThere = this.#peer.hasDetections && this.state === State.LIVE;
    const isWanted = this.#hasBoxes && isThere && !document.hidden;
    if (isWanted) this.#feed.start();
    else this.#feed.stop();
  };

  #drawBoxes(picture) {
    const isElsewhere = document.pictureInPictureElement === this;
    if (!this.#hasBoxes || this.#sightings.isEmpty || isElsewhere) return this.#overlay.show([]);
    const timeUs = this.#sightings.captureTimeOf(picture, performance.now() * 1000);
    return this.#overlay.show(timeUs === null ? [] : this.#sightings.boxesAt(timeUs));
  }

  #switchBoxes(isOn, { isChoice = false } = {}) {
    this.#hasBoxes = isOn;
    this.#controls.setPressed("boxes", isOn);
    if (isChoice) remember(BOXES_KEY, isOn);
    if (!isOn) this.#overlay.show([]);
    if (this.#peer) this.#watchDetections();
  }

  // What people do

  #pressed(event) {
    if (event.target.closest(".sheet")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isOurs = this.#controls.press(event.key) || this.#gestures.press(event.key);
    if (isOurs) event.preventDefault();
    else if (event.key === "Escape" && this.#quality.isOpen) this.#showQuality(false);
  }

  #showQuality(isOpen) {
    this.#quality.toggle(isOpen);
    this.#controls.setPressed("quality", isOpen);
  }

  #zoom() {
    const { scale, x, y } = this.#gestures.view;
    this.#parts.stage.style.transform =
      this.#gestures.view === WHOLE ? "" : `translate(${x * 100}%, ${y * 100}%) scale(${scale})`;
    this.#controls.setPresent("whole", isZoomed(this.#gestures.view));
    this.#overlay.redraw();
  }

  /** The frame takes the picture's own shape. */
  #fit() {
    const { width, height } = this.#screen;
    this.#parts.frame.style.setProperty("--ratio", String(width / height));
    this.#overlay.redraw();
    const detail = { width, height };
    this.dispatchEvent(
      new CustomEvent("pet-stream:size", { detail, bubbles: true, composed: true }),
    );
  }
}

function isControl({ target }) {
  return Boolean(target.closest("button, .quality, .sheet"));
}

function pauseAfterMs(attribute) {
  if (attribute === "never") return Infinity;
  const seconds = Number.parseFloat(attribute ?? "");
  return (seconds >= 0 ? seconds : PAUSE_AFTER_S) * 1000;
}

/** A choice of this browser's owner; null if there is none, or none may be kept. */
function remembered(key) {
  try {
    const value = localStorage.getItem(key);
    return value === null ? null : value === "true";
  } catch {
    return null;
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, String(value));
  } catch {
    // storage is switched off: it counts for this visit
  }
}

/** `transport` and `boxes` are not among them: those tell what is, not what was asked for. */
for (const name of ["src", "camera", "label", "decoder", "pause-after", "controls", "autoplay"]) {
  Object.defineProperty(PetStream.prototype, name.replace("-a", "A"), {
    get() {
      return this.getAttribute(name) ?? "";
    },
    set(value) {
      this.setAttribute(name, value);
    },
  });
}

customElements.define("pet-stream", PetStream);
