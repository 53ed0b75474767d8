/** A recording in the big frame: what plays, what lies over it, and what can be done with it. */

import { Awake } from "./awake.js";
import { stretchesOf } from "./bar.js";
import { element, setText } from "./dom.js";
import { moment } from "./format.js";
import { onLanguage, sayLabel, text, translate } from "./i18n.js";
import { keyOf } from "./keys.js";
import { PlaybackBar } from "./playback_bar.js";
import { PlaybackControls } from "./playback_controls.js";
import { PLAYBACK_KEYS } from "./playback_keys.js";
import { PlaybackMessage, reasonOf } from "./playback_message.js";
import { PlaybackPicture } from "./playback_picture.js";
import { remember, remembered } from "./preferences.js";
import { RecordingPlayer } from "./recording_player.js";

const PLAY_ON_KEY = "pet-stream.play-on";

/**
 * @typedef {import("./address.js").Place} Place
 * @typedef {{ name: string, started_at: number, duration_s?: number | null, format?: string,
 *   state?: string, width?: number | null, height?: number | null, has_detections?: boolean,
 *   gaps?: {from_s: number, to_s: number}[] | null }} Recording a row of the list
 */

/**
 * Fills `place` (`[data-playback]`). Sends `change` when what plays, or how, has changed, and as it
 * goes on; `shown` with the first picture, or when there is none; `leave` when somebody wants the
 * live picture; `saved` with `{name}`; `ask` with `{action}` for what is the stage's: full, record,
 * clip, keys.
 */
export class Playback extends EventTarget {
  /** @type {Recording | null} */
  recording = null;
  #place;
  #api;
  #announce;
  #picture;
  #player;
  #bar = new PlaybackBar();
  #controls;
  #message;
  #title = element("p", { class: "title" });
  #awake;
  /** @type {import("./cut.js").Cut | null} */
  #cut = null;
  #playsOn = remembered(PLAY_ON_KEY) ?? true;
  /** @type {{ newer: string | null, older: string | null }} */
  #neighbours = NOBODY;
  #wanted = "";

  /**
   * @param {HTMLElement} place
   * @param {import("./api.js").Api} api
   * @param {(words: string) => void} announce
   */
  constructor(place, api, announce) {
    super();
    this.#place = place;
    this.#api = api;
    this.#announce = announce;
    this.#picture = new PlaybackPicture(place, api, isControl);
    this.#player = new RecordingPlayer(this.#picture.video);
    this.#controls = new PlaybackControls((action, value) => this.#act(action, value));
    this.#message = new PlaybackMessage(() => this.#again());
    this.#awake = new Awake(place);
    const panel = element("div", { class: "panel" }, this.#bar.node, this.#controls.node);
    place.append(this.#message.node, this.#title, panel);
    this.#wire();
  }

  get place() {
    return this.recording && { name: this.recording.name, at_s: this.#player.time };
  }

  /** What the page is told (`pet-stream:playback`). */
  get news() {
    if (!this.recording) return { name: null };
    const { name, started_at } = this.recording;
    const { time: time_s, duration: duration_s, isPlaying, speed: rate } = this.#player;
    const state = this.#message.node.hidden ? this.#player.state : "failed";
    const epoch_s = started_at + time_s;
    return { name, time_s, epoch_s, started_at, duration_s, is_playing: isPlaying, rate, state };
  }

  /** Of the picture, in pixels; null if that is not known. */
  get size() {
    const { width, height } = this.recording ?? {};
    return this.#picture.size ?? (width && height ? { width, height } : null);
  }

  /** @param {Place & { recording?: Recording | null }} wanted */
  async show({ name, at_s = 0, recording = null }) {
    if (name === this.recording?.name && this.#message.node.hidden) {
      this.#player.seek(at_s);
      return this.#player.play();
    }
    this.#wanted = name;
    if (this.recording) this.#picture.hold();
    this.#cut?.close();
    this.#picture.reset();
    this.#neighbours = NOBODY;
    if (recording) this.#begin(recording, at_s);
    const details = await this.#api.recordingDetails(name).catch((error) => error);
    if (name !== this.#wanted) return; // another one was chosen meanwhile
    if (details instanceof Error) {
      if (!recording) this.#fail(name, details);
      return;
    }
    this.#neighbours = details;
    if (recording) this.#showNeighbours();
    else this.#begin(details.recording, at_s);
  }

  close() {
    this.#wanted = "";
    this.recording = null;
    this.#cut?.close();
    this.#picture.showBoxes("");
    this.#picture.letGo();
    this.#player.unload();
    this.#tell("change");
  }

  focus() {
    this.#place.focus({ preventScroll: true });
  }

  /** Whether the key was one of ours. */
  press(event) {
    const path = event.composedPath();
    const isChoice = path.some((node) => node instanceof HTMLSelectElement);
    const on = isChoice ? "choice" : path.some(isButton) ? "button" : "";
    const key = keyOf(event, PLAYBACK_KEYS, on);
    if (!key) return false;
    this.#awake.wake();
    this.#act(key.action, key.value);
    return true;
  }

  #wire() {
    const player = this.#player;
    player.addEventListener("change", () => this.#show());
    player.addEventListener("time", () => this.#showTime());
    this.#bar.addEventListener("seek", (event) => {
      player.seek(/** @type {CustomEvent} */ (event).detail.time_s);
    });
    this.#picture.addEventListener("shown", () => this.recording && this.#tell("shown"));
    this.#picture.addEventListener("click", () => player.toggle());
    this.#picture.addEventListener("tap", () => this.#awake.toggle());
    this.#picture.addEventListener("double", () => this.#act("full"));
    this.#controls.setPressed("playOn", this.#playsOn);
    this.#controls.setPressed("boxes", this.#picture.hasBoxes);
    this.#place.setAttribute("role", "group");
    this.#place.tabIndex = 0;
    onLanguage(() => {
      translate(this.#place);
      this.#controls.speak();
      this.#showTime();
    });
  }

  // What plays

  /** @param {Recording} recording */
  #begin(recording, at_s) {
    this.recording = recording;
    const { name, state, format, duration_s, has_detections: hasBoxes } = recording;
    sayLabel(this.#place, "playback.of", () => ({ time: momentOf(recording.started_at) }));
    this.#showNeighbours();
    this.#controls.setPresent("boxes", Boolean(hasBoxes));
    if (format === "h264") return this.#fail(name, { code: "raw" });
    if (state === "recording") return this.#fail(name, { code: "running" });
    this.#message.hide();
    const gaps = gapsOf(recording);
    this.#player.load(this.#api.recordingUrl(name), { at_s, length_s: duration_s ?? 0, gaps });
    this.#picture.showBoxes(hasBoxes ? name : "");
    this.#announce(text("playback.plays", { time: momentOf(recording.started_at) }));
    return this.#show();
  }

  #again() {
    const { place } = this;
    this.#player.unload();
    if (place) this.show(place);
  }

  #fail(name, error) {
    this.recording ??= { name, started_at: 0 };
    const url = this.#api.recordingUrl(name, { download: true });
    this.#announce(this.#message.show(reasonOf(error), { name, url }));
    this.#picture.letGo();
    this.#place.dataset.playback = "failed";
    this.#tell("shown");
    this.#tell("change");
  }

  /** A video only says that it can't: the server knows whether there is one. */
  async #failed(failure) {
    const name = this.recording?.name ?? "";
    const answer = await this.#api.recordingDetails(name).catch((error) => error);
    if (this.recording?.name !== name || this.#player.state !== "failed") return;
    this.#fail(name, answer instanceof Error ? answer : { code: failure });
  }

  #ended() {
    if (this.#playsOn && !this.#cut?.isOpen) this.#go("newer");
  }

  #go(which) {
    const name = this.#neighbours[which];
    if (name) this.show({ name, at_s: 0 });
  }

  // What is shown

  #show() {
    const { state, isPlaying, speed, buffered, duration, failure } = this.#player;
    if (!this.recording || state === "empty") return;
    if (state === "failed") return void this.#failed(failure);
    const isNew = this.#place.dataset.playback !== state;
    this.#place.dataset.playback = state;
    this.#controls.showPlaying(isPlaying, state === "ended");
    this.#controls.showSpeed(speed);
    this.#showTime();
    this.#bar.showLoaded(stretchesOf(buffered));
    if (duration) this.#bar.showGaps(gapsOf(this.recording));
    if (state === "ended" && isNew) this.#ended();
  }

  #showTime() {
    if (!this.recording) return;
    const { time, duration } = this.#player;
    const now = momentOf(this.recording.started_at + time);
    setText(this.#title, this.recording.started_at ? now : this.recording.name);
    this.#bar.showTime({ time, duration, clock: now });
    this.#controls.showTime(time, duration);
    this.#cut?.follow(time);
    this.#tell("change");
  }

  #showNeighbours() {
    this.#controls.setPossible("next", Boolean(this.#neighbours.newer));
    this.#controls.setPossible("previous", Boolean(this.#neighbours.older));
  }

  #tell(type, detail = /** @type {object | null} */ (null)) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // What people do

  #act(action, value) {
    const player = this.#player;
    const actions = {
      toggle: () => player.toggle(),
      skip: () => player.seek(player.time + value),
      step: () => player.step(value),
      part: () => player.seek(value * player.duration),
      speed: () => this.#changeSpeed(() => player.changeSpeed(value)),
      setSpeed: () => this.#changeSpeed(() => (player.speed = value)),
      next: () => this.#go("newer"),
      previous: () => this.#go("older"),
      playOn: () => this.#switchPlayOn(),
      boxes: () => this.#switchBoxes(),
      snapshot: () => this.#picture.save(new Date(this.news.epoch_s * 1000)),
      zoom: () => this.#picture.zoom(value > 0 ? "+" : "-"),
      more: () => this.#more(),
      cut: () => this.#openCut(),
      begin: () => this.#openCut("from"),
      end: () => this.#openCut("to"),
      leave: () => this.#leave(),
    };
    if (action in actions) actions[action]();
    else this.#tell("ask", { action });
  }

  /** What is in front goes first: the scissors, the zoom, then the recording. */
  #leave() {
    if (this.#cut?.isOpen) this.#cut.close();
    else if (this.#picture.isZoomed) this.#picture.reset();
    else this.#tell("leave");
  }

  #changeSpeed(change) {
    change();
    this.#announce(text("playback.speed.now", { speed: this.#player.speed }));
  }

  #switchPlayOn() {
    this.#playsOn = !this.#playsOn;
    remember(PLAY_ON_KEY, this.#playsOn);
    this.#controls.setPressed("playOn", this.#playsOn);
  }

  #switchBoxes() {
    this.#picture.switchBoxes();
    this.#controls.setPressed("boxes", this.#picture.hasBoxes);
  }

  #more() {
    const isOpen = !this.#controls.isPressed("more");
    this.#controls.setPressed("more", isOpen);
    this.#place.toggleAttribute("data-more", isOpen);
  }

  /** Opens the scissors, or closes them; or sets the handle `which` to where it plays. */
  async #openCut(which = /** @type {"" | "from" | "to"} */ ("")) {
    const { recording } = this;
    if (!recording || this.news.state === "failed") return;
    if (!which && this.#cut?.isOpen) return this.#cut.close();
    const { Cut } = await import("./cut.js");
    if (recording !== this.recording) return;
    const cut = (this.#cut ??= this.#makeCut(Cut));
    this.#controls.setPressed("cut", true);
    this.#place.toggleAttribute("data-cutting", true);
    if (!cut.isOpen) cut.open(recording);
    if (which) cut.set(which, this.#player.time);
  }

  #makeCut(Cut) {
    const cut = new Cut(this.#bar, this.#player, this.#api, this.#announce);
    this.#controls.node.before(cut.node);
    cut.addEventListener("saved", ({ detail }) => this.#tell("saved", detail));
    cut.addEventListener("close", () => {
      this.#controls.setPressed("cut", false);
      this.#place.toggleAttribute("data-cutting", false);
      if (this.recording) this.focus(); // what had it is hidden now
    });
    return cut;
  }
}

const NOBODY = { newer: null, older: null };

function isControl({ target }) {
  return Boolean(target.closest("button, a, select, .panel, .message"));
}

function isButton(node) {
  return node instanceof HTMLButtonElement || node instanceof HTMLAnchorElement;
}

/** @param {Recording} recording */
function gapsOf({ gaps }) {
  return (gaps ?? []).map(({ from_s: from, to_s: to }) => ({ from, to }));
}

function momentOf(epoch_s) {
  return moment(new Date(epoch_s * 1000));
}
