/**
 * `<pet-stream src="…">`: the live picture in any page, by one element and this one module.
 *
 * Attributes, which may change at any time (as properties: `src`, `label`, `decoder`, `pauseAfter`,
 * `controls`, `autoplay`, `fit`):
 *   src          the server's base (origin and prefix; empty: where this module came from)
 *   label        the accessible name
 *   transport    auto (WebRTC, else WebSocket), webrtc or websocket
 *   decoder      of the latter: auto (WebCodecs, else MSE), webcodecs or mse
 *   pause-after  seconds until a hidden page stops watching (60), or never
 *   fit          contain, cover or fill: the page gives the frame its shape, and the picture fits in
 *                so; without it the frame has the picture's own
 *   boxes        off: detections are not drawn until somebody switches them on
 *   detections   `pet-stream:detections` comes whether boxes are drawn or not
 *   controls     off: no buttons over the picture (its keys work)
 *   autoplay     off: nothing is watched before `start()`, or before somebody asks for the picture
 *   ice-servers  JSON, as for RTCPeerConnection: the server is not asked for them
 * Events (bubbling): `pet-stream:state` with `detail {state, reason, words, transport}`;
 *   `pet-stream:signed-in` when somebody has signed in here; `pet-stream:size` with `detail {width,
 *   height}` of the picture; `pet-stream:fullscreen` before it goes to the whole screen or back,
 *   which `preventDefault()` leaves to the page; `pet-stream:snapshot` with `detail {name}`;
 *   `pet-stream:detections` with `detail {captureUs, at, boxes, width, height}`.
 * Properties: `state`, `transport`, `video`, `api`, `isHeld`, `boxes` (those drawn now, in pixels of
 *   the picture); methods: `start()`, `stop()`, `retry()`, `hold()`, `resume()`, `stats()`,
 *   `snapshot()`. `pet-stream.d.ts` has them all.
 * The present state stands in `data-player-state`, the way in `data-player-transport`.
 */

import { iceServersOf, pauseAfterMs, reflect } from "./attributes.js";
import { Frame } from "./frame.js";
import { addWords, followLanguage, language, onLanguage, pace, text } from "./i18n.js";
import { Peer } from "./peer.js";
import * as out from "./picture_out.js";
import { PLACE } from "./place.js";
import { onViolation } from "./policy.js";
import { serverAt } from "./server.js";
import { Source } from "./source.js";
import { State } from "./state.js";
import { boxesOf } from "./tracks.js";
import { lastingMemory } from "./ways.js";

const STYLE = new URL("../css/player.css", import.meta.url).href;
const ACTIVE_LOOK_MS = 5_000;

/** Of these a new connection is made. */
const CONNECTING = ["src", "link", "camera", "transport", "decoder", "pause-after", "ice-servers"];
const SERVERS = ["src", "link", "camera", "ice-servers"];

export class PetStream extends HTMLElement {
  static observedAttributes = [
    ...CONNECTING,
    ...["label", "boxes", "detections", "controls", "fit", "lang"],
  ];

  /** @type {import("./server.js").Server|null} */
  #server = null;
  /** @type {Source|null} */
  #source = null;
  /** @type {Peer|null} */
  #peer = null;
  /** @type {Frame|null} */
  #frame = null;
  /** @type {ReturnType<import("./known.js").Known["addPlayer"]>|null} */
  #seat = null;
  /** @type {import("./sign_in.js").SignInSheet|null} */
  #signIn = null;
  #isInside = false;
  #isToRenew = false;
  #wasRunning = false;
  #news = "";
  #lookTimer = 0;
  /** Ends what lasts while it is in the page. */
  #stay = new AbortController();

  get state() {
    return this.#peer?.state ?? State.CLOSED;
  }

  get transport() {
    return this.#peer?.transport ?? "";
  }

  get video() {
    return this.#frame?.video ?? null;
  }

  get boxes() {
    return this.#frame?.detected.boxes ?? [];
  }

  get api() {
    return this.#ofServer.api;
  }

  get isHeld() {
    return this.#peer?.reason.code === "held";
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

  /** Numbers about the present connection, as the readout shows them; null without one. */
  async stats() {
    return this.#peer?.stats() ?? null;
  }

  /** Saves the picture as a PNG file. Returns its name; "" if there is no picture. */
  async snapshot() {
    const name = this.#frame ? await out.saveSnapshot(this.#frame.screen) : "";
    if (name) this.#frame?.note(text("player.saved", { name }));
    if (name) this.#send("pet-stream:snapshot", { name });
    return name;
  }

  connectedCallback() {
    if (this.#isInside) return; // moved to another place in the page, it goes on watching
    this.#isInside = true;
    const isFirst = !this.#frame;
    this.#frame ??= this.#build();
    if (isFirst) this.#makePeer();
    this.#stay = new AbortController();
    const { signal } = this.#stay;
    document.addEventListener("visibilitychange", () => this.#followDetections(), { signal });
    onLanguage(() => this.#speak(), { signal });
    const ours = () => ({ server: new URL(this.api.url(""), document.baseURI).href, style: STYLE });
    onViolation(ours, (part) => this.#forbidden(part), signal);
    this.#sit();
    followLanguage(); // its own attribute counts
    if (isFirst ? this.getAttribute("autoplay") !== "off" : this.#wasRunning) this.start();
    this.#speak();
  }

  disconnectedCallback() {
    queueMicrotask(() => this.#isInside && !this.isConnected && this.#leave());
  }

  attributeChangedCallback(name, before, now) {
    if (!this.#frame || before === now) return;
    if (name === "label") this.#frame.label = this.#label;
    else if (name === "lang") followLanguage();
    else if (name === "boxes") this.#frame.detected.switch(now !== "off");
    else if (CONNECTING.includes(name)) this.#renewSoon(SERVERS.includes(name));
    else this.#arrange();
  }

  #leave() {
    this.#isInside = false;
    this.#wasRunning = this.state !== State.CLOSED;
    this.stop();
    this.#seat?.leave();
    this.#stay.abort();
    this.#look(false);
    this.#frame?.detected.follow(false);
    this.#frame?.veil.stop();
    this.#frame?.showQuality(false);
  }

  /** Several attributes that change together make one new connection. */
  #renewSoon(isOtherServer) {
    if (isOtherServer) this.#server = this.#source = null;
    if (this.#isToRenew) return;
    this.#isToRenew = true;
    queueMicrotask(() => {
      this.#isToRenew = false;
      const isRunning = this.state !== State.CLOSED;
      this.stop();
      this.#makePeer();
      this.#sit();
      if (isRunning) this.start();
    });
  }

  // Putting it together

  get #ofServer() {
    const server = this.#server ?? serverAt(this.getAttribute("src") ?? "", this.getAttribute("link"));
    return (this.#server = server);
  }

  get #label() {
    return this.getAttribute("label") ?? text("player.label");
  }

  #build() {
    const frame = new Frame({
      goOn: () => this.#goOn(),
      getStats: () => this.stats(),
      actions: (screen, node) => this.#actions(screen, node),
    });
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = STYLE;
    style.onload = style.onerror = () => {
      frame.node.toggleAttribute("data-styled", true);
      this.dataset.playerReady = "";
    };
    const root = this.attachShadow({ mode: "open" });
    if (PLACE) root.adoptedStyleSheets = [PLACE];
    root.append(style, frame.node);
    frame.screen.addEventListener("resize", () => {
      const { width, height } = frame.screen;
      this.#send("pet-stream:size", { width, height });
    });
    frame.detected.addEventListener("switched", () => this.#followDetections());
    frame.detected.addEventListener("detections", (event) =>
      this.#tellDetections(/** @type {CustomEvent} */ (event).detail),
    );
    frame.detected.begin(this.getAttribute("boxes") !== "off");
    return frame;
  }

  #actions(screen, node) {
    const actions = { snapshot: () => this.snapshot() };
    if (out.hasSmallWindow()) {
      actions.small = () => out.toggleSmallWindow(screen).catch(() => {}); // it was refused
    }
    if (out.hasFullScreen(node, screen.video)) actions.full = () => this.#toggleFullScreen();
    return actions;
  }

  #makePeer() {
    const frame = this.#frame;
    if (!frame) return;
    const iceServers = iceServersOf(this.getAttribute("ice-servers"));
    const camera = this.getAttribute("camera") ?? "";
    const source = (this.#source = new Source(this.#ofServer, { camera, iceServers }));
    frame.detected.api = this.api;
    const peer = (this.#peer = new Peer({
      source,
      screen: frame.screen,
      transport: this.getAttribute("transport") ?? "auto",
      decoder: this.getAttribute("decoder") ?? "auto",
      pauseAfterMs: pauseAfterMs(this.getAttribute("pause-after")),
      memory: lastingMemory(`pet-stream.ways ${this.getAttribute("src") ?? ""}`),
    }));
    peer.addEventListener("change", () => this.#show());
    peer.addEventListener("picture", (event) => {
      const isElsewhere = document.pictureInPictureElement === this;
      frame.detected.draw(isElsewhere ? null : /** @type {CustomEvent} */ (event).detail);
    });
    this.#arrange();
  }

  /** Among those of the page that know of this server. */
  #sit() {
    this.#seat?.leave();
    this.#seat = this.#ofServer.known.addPlayer({ camera: this.getAttribute("camera") ?? "" });
  }

  /** What the attributes say of its looks. */
  #arrange() {
    const frame = this.#frame;
    if (!frame) return;
    frame.label = this.#label;
    frame.fit = this.getAttribute("fit") ?? "";
    frame.controls.node.hidden = this.getAttribute("controls") === "off";
    frame.detected.isWatched = this.hasAttribute("detections");
    this.#followDetections();
  }

  // State

  /** Says everything in the language of now. */
  #speak() {
    this.#frame?.speak();
    this.#arrange();
    this.#show();
  }

  #show() {
    const [frame, peer, source] = [this.#frame, this.#peer, this.#source];
    if (!frame || !peer || !source) return;
    const { state, reason, transport, thinnedTo } = peer;
    const words = frame.veil.show(peer);
    const isLive = state === State.LIVE;
    if (!isLive) frame.detected.draw(null);
    // The camera's own words count seconds: that is read, but no news.
    const isOther = source.isInactive;
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
    frame.tell(badge, isLive && badge !== text("player.live") ? badge : words);
    this.#followDetections();
    this.#look(isLive && source.isNamed);
    this.#seat?.tell({ state, reason: reason.code });
    this.#send("pet-stream:state", { state, reason: reason.code, words: reason.words, transport });
  }

  /** Only one that was asked for by name may be another one than the active one. */
  #look(isWanted) {
    clearInterval(this.#lookTimer);
    if (!isWanted) return;
    this.#lookTimer = setInterval(async () => {
      await this.#source?.health().catch(() => {}); // next time
      this.#show();
    }, ACTIVE_LOOK_MS);
  }

  #followDetections() {
    const isSeen = this.state === State.LIVE && !document.hidden;
    this.#frame?.detected.follow(isSeen && this.#source?.hasDetections !== false);
  }

  #tellDetections(update) {
    const { width, height } = this.#frame?.screen ?? {};
    const { capture_us: captureUs } = update;
    const at = this.#frame?.detected.capturedAt(captureUs) ?? null;
    this.#send("pet-stream:detections", { captureUs, at, boxes: boxesOf(update), width, height });
  }

  // What people do

  /** A page that has more to show on the whole screen prevents the event's default. */
  #toggleFullScreen() {
    const frame = this.#frame;
    if (!frame) return;
    if (document.pictureInPictureElement) document.exitPictureInPicture(); // not both at once
    const isOurs = this.#send("pet-stream:fullscreen", undefined, { cancelable: true });
    if (isOurs) out.toggleFullScreen(frame.node, frame.video);
  }

  /** The veil's button. Where nobody is signed in, it asks for that. */
  async #goOn() {
    if (this.isHeld) return this.resume();
    const isStranger = this.#peer?.reason.code === "unauthorized";
    if (this.state !== State.NOT_ALLOWED || !isStranger) return this.retry();
    const { auth } = await this.api.session().catch(() => ({ auth: "" }));
    if (auth !== "builtin") return this.retry();
    const [{ SignInSheet }] = await Promise.all([import("./sign_in.js"), addWords("account")]);
    const sheet = (this.#signIn ??= new SignInSheet(this.api, () => this.#signedIn()));
    if (!sheet.node.isConnected) this.#frame?.node.append(sheet.node);
    return sheet.open();
  }

  /** The page's own policy is in the way: that is told to whoever made it. */
  #forbidden(part) {
    console.error(`pet-stream: ${text("not-allowed.csp.text", { words: part })}`);
    this.#peer?.forbid(part);
  }

  #signedIn() {
    this.retry();
    this.#send("pet-stream:signed-in");
  }

  /** Returns whether nobody has prevented its default. */
  #send(type, detail, options) {
    return this.dispatchEvent(
      new CustomEvent(type, { detail, bubbles: true, composed: true, ...options }),
    );
  }
}

/** `transport` and `boxes` are not among them: those tell what is, not what was asked for. */
reflect(PetStream, ["src", "camera", "label", "decoder", "pause-after", "controls", "autoplay", "fit"]);
customElements.define("pet-stream", PetStream);
