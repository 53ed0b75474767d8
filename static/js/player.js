/**
 * `<pet-stream src="…">`: the live picture in any page, by one element and this one module.
 *
 * Attributes: `src`, the server's base (origin and prefix; empty: this page's origin) and `label`,
 * the accessible name. The present state stands in `data-player-state`.
 * Events (bubbling): `pet-stream:state` with `detail {state, reason}`.
 * Properties: `state`, `video`, `api`; methods: `start()`, `stop()`, `retry()`.
 */

import { Api } from "./api.js";
import { element, icon, setText } from "./dom.js";
import { clock } from "./format.js";
import { hasText, text } from "./i18n.js";
import { Peer, State } from "./peer.js";

const STYLE = new URL("../css/player.css", import.meta.url).href;
const COUNTDOWN_MS = 250;

const ICONS = {
  [State.CAMERA_OFFLINE]: "camera-off",
  [State.RECONNECTING]: "link-off",
  [State.FULL]: "people",
  [State.NOT_ALLOWED]: "lock",
  [State.UNSUPPORTED]: "film-off",
  [State.BLOCKED]: "play",
  [State.CLOSED]: "play",
};

const WITH_BUTTON = new Set([
  State.RECONNECTING,
  State.FULL,
  State.NOT_ALLOWED,
  State.BLOCKED,
  State.CLOSED,
]);

export class PetStream extends HTMLElement {
  #api = null;
  #peer = null;
  #parts = null;
  #countdown = 0;
  #news = "";
  #lastLiveAt = null;

  get state() {
    return this.#peer?.state ?? State.CLOSED;
  }

  get video() {
    return this.#parts?.video ?? null;
  }

  get api() {
    this.#api ??= new Api(this.getAttribute("src") ?? "");
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

  connectedCallback() {
    if (!this.shadowRoot) this.#build();
    this.start();
  }

  disconnectedCallback() {
    this.stop();
    clearInterval(this.#countdown);
  }

  #build() {
    const video = element("video", {
      autoplay: "",
      playsinline: "",
      disableremoteplayback: "",
      "aria-label": this.getAttribute("label") ?? text("player.label"),
    });
    video.muted = true; // the attribute counts for parsed elements only
    const symbol = element("div", { class: "symbol" });
    const title = element("p", { class: "title" });
    const note = element("p", { class: "note" });
    const wait = element("p", { class: "wait", "aria-hidden": "true" });
    const button = element("button", { type: "button", class: "retry" });
    const words = element("div", { class: "words" }, title, note, wait);
    const veil = element("div", { class: "veil" }, symbol, words, button);
    const badge = element("span", { class: "badge", "aria-hidden": "true" }, text("player.live"));
    const fullLabel = { "aria-label": text("player.fullscreen") };
    const full = element("button", { type: "button", class: "full", ...fullLabel }, icon("expand"));
    const spoken = element("p", { class: "spoken", role: "status" });
    const frame = element("div", { class: "frame", hidden: "" }, video, badge, veil, full, spoken);
    const style = element("link", { rel: "stylesheet", href: STYLE });
    style.onload = style.onerror = () => {
      frame.removeAttribute("hidden");
      this.dataset.playerReady = "";
    };
    this.attachShadow({ mode: "open" }).append(style, frame);
    this.#parts = { video, frame, symbol, title, note, wait, button, full, spoken };

    button.addEventListener("click", () => this.retry());
    full.addEventListener("click", () => this.#toggleFullscreen());
    video.addEventListener("dblclick", () => this.#toggleFullscreen());
    video.addEventListener("resize", () => this.#fit());
    full.hidden = !frame.requestFullscreen && !video.webkitEnterFullscreen;
    this.#peer = new Peer({ api: this.api, video });
    this.#peer.addEventListener("change", () => this.#show());
  }

  #show() {
    const { state, reason } = this.#peer;
    const { symbol, button, spoken } = this.#parts;
    if (this.dataset.playerState === State.LIVE && state !== State.LIVE) {
      this.#lastLiveAt = new Date();
    }
    if (state === State.LIVE) this.#lastLiveAt = null;
    this.#tick();
    const [title, note] = this.#words(state, reason);
    setText(this.#parts.title, title);
    setText(this.#parts.note, note);
    // The camera's own words count seconds: that is read, but no news.
    const news = state === State.CAMERA_OFFLINE ? state : `${state} ${reason}`;
    if (news === this.#news) return;
    this.#news = news;
    this.dataset.playerState = state;
    symbol.replaceChildren(...(state in ICONS ? [icon(ICONS[state])] : []));
    button.hidden = !WITH_BUTTON.has(state);
    setText(button, text(hasText(`${state}.button`) ? `${state}.button` : "player.retry"));
    setText(spoken, state === State.LIVE ? title : `${title}. ${note}`);
    const detail = { state, reason };
    this.dispatchEvent(
      new CustomEvent("pet-stream:state", { detail, bubbles: true, composed: true }),
    );
  }

  /** Title and explanation: for this reason if there are words for it, else for the state. */
  #words(state, reason) {
    const say = (part) => {
      const special = `${state}.${reason}.${part}`;
      return text(hasText(special) ? special : `${state}.${part}`);
    };
    const note = say("text");
    const known = state !== State.CAMERA_OFFLINE || !reason;
    return [say("title"), known ? note : `${sentence(reason)} ${note}`];
  }

  /** The countdown and the time of the last picture; runs only while something counts. */
  #tick() {
    const { retryAt, state } = this.#peer;
    const seconds = retryAt === null ? 0 : Math.ceil((retryAt - performance.now()) / 1000);
    clearInterval(this.#countdown);
    if (seconds > 0) this.#countdown = setInterval(() => this.#tick(), COUNTDOWN_MS);
    const words = [];
    if (seconds > 0) words.push(text("player.in", { seconds }));
    else if (state === State.RECONNECTING || state === State.FULL) words.push(text("player.now"));
    if (this.#lastLiveAt) words.push(text("player.last", { time: clock(this.#lastLiveAt) }));
    setText(this.#parts.wait, words.join(" · "));
  }

  /** The frame takes the picture's own shape. */
  #fit() {
    const { video, frame } = this.#parts;
    if (!video.videoWidth) return;
    frame.style.setProperty("--ratio", String(video.videoWidth / video.videoHeight));
  }

  #toggleFullscreen() {
    const { frame, video } = this.#parts;
    if (this.shadowRoot.fullscreenElement) return document.exitFullscreen();
    if (frame.requestFullscreen) return frame.requestFullscreen();
    return video.webkitEnterFullscreen?.(); // an iPhone shows only the video itself
  }
}

function sentence(words) {
  const capital = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?。]$/.test(words) ? capital : `${capital}.`;
}

customElements.define("pet-stream", PetStream);
