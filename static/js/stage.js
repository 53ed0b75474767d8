/**
 * The stage: the live picture, or a recording in its place. What plays stands in the page's address,
 * so a reload stays there, and the browser's way back leads to the live picture.
 *
 * It hears `pet-stream:play` (`{name, at_s, recording}`), `pet-stream:gone` (`{name}`) and
 * `pet-stream:to-live` from anywhere in the document, and tells `pet-stream:playback` there: `{name,
 * time_s, epoch_s, started_at, duration_s, is_playing, rate, state}`, `{name: null}` for live; and
 * `pet-stream:saved` (`{name}`) of a part that has become a recording.
 */

import { hashTo, placeIn } from "./address.js";
import { find, styled } from "./dom.js";
import { addWords, text } from "./i18n.js";
import { LIVE_KEYS, keyOf } from "./keys.js";

/** The picture fills the window, and the recorder lies over it (page.css). */
const LOW = "(max-height: 520px) and (orientation: landscape)";
/** Browsers allow few changes of the address in a minute. */
const REMEMBER_EVERY_MS = 3_000;

export class Stage {
  #main;
  #stage;
  #player;
  #recorder;
  #api;
  #announce;
  #toLive;
  #low = matchMedia(LOW);
  /** @type {import("./playback.js").Playback | null} */
  #playback = null;
  #wanted = "";
  /** Where the focus was when a recording was chosen. */
  #opener = /** @type {HTMLElement | null} */ (null);
  #liveSize = { width: 16, height: 9 };
  #rememberedAt = 0;
  #told = "";

  /**
   * @param {HTMLElement} main
   * @param {any} player the page's `<pet-stream>`
   * @param {import("./api.js").Api} api
   * @param {(words: string) => void} announce
   */
  constructor(main, player, api, announce) {
    this.#main = main;
    this.#player = player;
    this.#api = api;
    this.#announce = announce;
    this.#stage = find(main, "[data-stage]");
    this.#toLive = find(main, "[data-to-live]");
    this.#recorder = find(main, "[data-record-panel]");
  }

  start() {
    this.#player.addEventListener("pet-stream:size", ({ detail }) => {
      this.#liveSize = detail;
      if (!this.isPlaying) this.#fit(detail);
    });
    this.#player.addEventListener("pet-stream:fullscreen", (event) => {
      if (this.#toggleFullScreen()) event.preventDefault();
    });
    this.#low.addEventListener("change", () => this.#arrange());
    document.addEventListener("fullscreenchange", () => this.#arrange());
    document.addEventListener("pet-stream:play", (event) => this.#chosen(event));
    document.addEventListener("pet-stream:gone", (event) => {
      const { name } = /** @type {CustomEvent} */ (event).detail;
      if (name === this.#wanted) this.toLive();
    });
    document.addEventListener("pet-stream:to-live", () => this.toLive());
    this.#toLive.addEventListener("click", () => this.toLive());
    this.#main.addEventListener("keydown", (event) => this.#pressed(event));
    addEventListener("popstate", () => this.#follow());
    addEventListener("pagehide", () => this.#remember(true));
    this.#arrange();
    this.#follow();
  }

  /** Whether a recording is in the big frame. */
  get isPlaying() {
    return this.#stage.dataset.stage === "playing";
  }

  /** @param {import("./address.js").Place & { recording?: import("./playback.js").Recording | null }} wanted */
  async play(wanted) {
    if (!this.#wanted) this.#opener = focused();
    const isFirst = !this.#wanted;
    this.#wanted = wanted.name;
    this.#address(wanted, isFirst);
    const playback = await this.#load();
    if (this.#wanted !== wanted.name) return;
    find(this.#stage, "[data-playback]").hidden = false;
    // Whoever goes along the day goes on there.
    if (!document.activeElement?.closest("[data-day-strip]")) playback.focus();
    this.#stage.scrollIntoView({ block: "nearest" });
    playback.show(wanted);
  }

  /** Back to the live picture. */
  toLive() {
    if (!this.#wanted) return;
    // Where the way back leads there, it is taken: nothing that is over is left before it.
    if (history.state?.isPlaying && history.state.isFromLive) history.back();
    else this.#address(null, false);
    this.#end();
  }

  // What plays

  /** @returns {Promise<import("./playback.js").Playback>} */
  async #load() {
    const [{ Playback }] = await Promise.all([
      import("./playback.js"),
      addWords("playback"),
      styled("playback"),
    ]);
    return (this.#playback ??= this.#make(Playback));
  }

  #make(Playback) {
    const playback = new Playback(find(this.#stage, "[data-playback]"), this.#api, this.#announce);
    playback.addEventListener("shown", () => this.#show());
    playback.addEventListener("change", () => this.#changed());
    playback.addEventListener("leave", () => this.toLive());
    playback.addEventListener("ask", ({ detail }) => this.#act(detail.action));
    playback.addEventListener("saved", ({ detail }) => tell("pet-stream:saved", detail));
    return playback;
  }

  #chosen(event) {
    event.preventDefault();
    const { name, at_s = 0, recording = null } = event.detail;
    this.play({ name, at_s, recording });
  }

  /** The first picture is there: it takes the place of the live one, whose stream rests. */
  #show() {
    if (!this.#wanted || !this.#playback) return;
    const { size } = this.#playback;
    if (size) this.#fit(size);
    if (this.isPlaying) return;
    this.#stage.dataset.stage = "playing";
    this.#player.inert = true;
    this.#toLive.hidden = false;
    this.#player.hold();
  }

  #end() {
    this.#wanted = "";
    const { activeElement } = document; // whoever does something else by now goes on with it
    const wasHere = activeElement === document.body || this.#stage.contains(activeElement);
    this.#playback?.close();
    find(this.#stage, "[data-playback]").hidden = true;
    if (this.isPlaying) {
      this.#stage.dataset.stage = "live";
      this.#player.inert = false;
      this.#toLive.hidden = true;
      this.#player.resume();
      this.#fit(this.#liveSize);
    }
    this.#announce(text("stage.live"));
    if (wasHere && this.#opener?.isConnected) this.#opener.focus({ preventScroll: true });
    this.#opener = null;
  }

  #changed() {
    const { news } = /** @type {import("./playback.js").Playback} */ (this.#playback);
    const told = JSON.stringify(news);
    if (told === this.#told) return;
    this.#told = told;
    if (news.name && news.name !== this.#wanted) this.#wanted = news.name;
    tell("pet-stream:playback", news);
    this.#remember(!news.is_playing);
  }

  // The address

  /** Goes where the address leads. */
  #follow() {
    const place = placeIn(location.hash);
    if (place) this.play(place);
    else if (this.#wanted) this.#end();
  }

  #address(place, isFirst) {
    const url = location.pathname + location.search + hashTo(location.hash, place);
    const isNew = isFirst && !placeIn(location.hash); // whoever came by a link has no way back here
    const isFromLive = isNew || Boolean(history.state?.isFromLive);
    const state = place && { ...history.state, isPlaying: true, isFromLive };
    if (isNew) history.pushState(state, "", url);
    else history.replaceState(state, "", url);
  }

  #remember(isNow) {
    const place = this.#wanted && this.#playback?.place;
    if (!place || (!isNow && performance.now() - this.#rememberedAt < REMEMBER_EVERY_MS)) return;
    if (location.hash === hashTo(location.hash, place)) return;
    this.#rememberedAt = performance.now();
    this.#address(place, false);
  }

  // The frame

  #fit({ width, height }) {
    document.documentElement.style.setProperty("--ratio", String(width / height));
  }

  #arrange() {
    const isOver = this.#low.matches || document.fullscreenElement === this.#main;
    this.#recorder.toggleAttribute("compact", isOver);
  }

  /** Whether the page can do it: an iPhone shows only a video itself. */
  #toggleFullScreen() {
    if (!this.#main.requestFullscreen) return false;
    if (document.fullscreenElement) document.exitFullscreen();
    else this.#main.requestFullscreen();
    return true;
  }

  // Keys

  #pressed(event) {
    const isOver = document.fullscreenElement === this.#main;
    if (event.defaultPrevented || !(isOver || this.#stage.contains(event.target))) return;
    if (event.target.closest("dialog, input, textarea")) return;
    if (this.isPlaying && this.#playback?.press(event)) return event.preventDefault();
    const key = this.isPlaying ? null : keyOf(event, LIVE_KEYS);
    if (!key) return;
    event.preventDefault();
    this.#act(key.action);
  }

  #act(action) {
    const actions = {
      record: () => this.#command("toggle", "[data-record]"),
      clip: () => this.#command("saveClip", "[data-clip]"),
      keys: () => this.#showKeys(),
      full: () => this.#toggleFullScreen() || this.#showVideoFull(),
    };
    actions[action]?.();
  }

  /** Of the recorder, where it may be seen at all. */
  #command(method, button) {
    const recorder = /** @type {any} */ (this.#recorder);
    if (recorder.hidden) return;
    if (recorder[method]) recorder[method]();
    else recorder.querySelector(button)?.click();
  }

  #showVideoFull() {
    /** @type {any} */ (find(this.#stage, "[data-playback] video")).webkitEnterFullscreen?.();
  }

  async #showKeys() {
    const [{ showKeys }] = await Promise.all([
      import("./key_sheet.js"),
      addWords("playback"),
      styled("keys"),
    ]);
    showKeys(this.#main);
  }
}

function tell(type, detail) {
  document.dispatchEvent(new CustomEvent(type, { detail }));
}

/** What has the focus, in shadow roots, too. */
function focused() {
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  return node instanceof HTMLElement && node !== document.body ? node : null;
}
