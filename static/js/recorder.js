/**
 * `<pet-stream-recorder src="…">`: the server's recorder in any page, by one element and this module.
 *
 * Attributes, which may change at any time:
 *   src, link  the server's base and the link that carries a right, as of `<pet-stream>`
 *   clip       how many seconds the button for a clip saves; without it there is none
 *   compact    one row, to lie over a picture
 * Its own `data-recorder-phase`: unknown, idle, starting, waiting, recording, silent or stopping.
 * Events (bubbling): `pet-stream:recorder` with `detail {phase}`; `pet-stream:announce` with a text
 *   for a screen reader, which it says itself unless the page prevents that; `pet-stream:saved`
 *   with `detail {name}`: a recording or a clip is whole.
 * Property: `phase`; methods, as its buttons: `toggle()`, `saveClip()`.
 */

import { ClipButton } from "./clip.js";
import { element, setText } from "./dom.js";
import { bytes, duration, isoDuration } from "./format.js";
import { onLanguage, translate } from "./i18n.js";
import { recorderParts } from "./recorder_parts.js";
import { RecordingControl } from "./recording_control.js";
import { serverAt } from "./server.js";

const STYLE = new URL("../css/recorder.css", import.meta.url).href;

export class PetStreamRecorder extends HTMLElement {
  static observedAttributes = ["src", "link", "clip"];

  #parts = recorderParts();
  #shadow = this.attachShadow({ mode: "open" });
  /** @type {RecordingControl | null} */
  #control = null;
  /** @type {ClipButton | null} */
  #clip = null;
  /** @type {AbortController | null} For as long as it is in the page. */
  #stay = null;
  #release = () => {};
  #timer = 0;
  #phase = "";

  constructor() {
    super();
    const { panel, toggle, question, end, keep, close } = this.#parts;
    const style = element("link", { rel: "stylesheet", href: STYLE });
    style.onload = style.onerror = () => panel.removeAttribute("hidden");
    this.#shadow.append(style, panel);
    toggle.addEventListener("click", () => this.#toggled());
    close.addEventListener("click", () => this.#control?.dismissNotice());
    end.addEventListener("click", () => this.#answered(() => this.#control?.end()));
    keep.addEventListener("click", () => this.#answered(() => this.#control?.keep()));
    question.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation(); // what lies around it stays open
      this.#answered(() => this.#control?.keep());
    });
  }

  get phase() {
    return this.#control?.phase ?? "unknown";
  }

  async toggle() {
    await this.#control?.toggle();
  }

  async saveClip() {
    await this.#clip?.save();
  }

  connectedCallback() {
    if (this.#stay) return; // moved to another place in the page, it goes on
    this.#stay = new AbortController();
    const { signal } = this.#stay;
    onLanguage(() => this.#speak(), { signal });
    document.addEventListener("visibilitychange", () => this.#tick(), { signal });
    this.#attach();
    this.#speak();
  }

  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#stay?.abort();
      this.#stay = null;
      this.#detach();
    });
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} now
   */
  attributeChangedCallback(name, before, now) {
    if (!this.#stay || before === now) return;
    if (name === "clip") return this.#showClip();
    this.#detach();
    this.#attach();
  }

  #attach() {
    const server = serverAt(this.getAttribute("src") ?? "", this.getAttribute("link"));
    this.#release = server.hold();
    const control = (this.#control = new RecordingControl(server));
    control.addEventListener("change", () => this.#show());
    control.addEventListener("announce", (/** @type {any} */ { detail }) => this.#announce(detail));
    control.addEventListener("saved", (/** @type {any} */ { detail }) => {
      this.#send("pet-stream:saved", { name: detail });
    });
    const clip = (this.#clip = new ClipButton(server.api, control));
    this.#parts.clip.replaceChildren(clip.node);
    this.#showClip();
    control.start();
  }

  #detach() {
    clearTimeout(this.#timer);
    this.#control?.stop();
    this.#release();
  }

  // What a person does

  async #toggled() {
    if (this.#control?.isAsking) return this.#control.keep();
    await this.toggle();
    if (this.#control?.isAsking) this.#parts.keep.focus();
  }

  /** @param {() => void} act */
  #answered(act) {
    this.#parts.toggle.focus();
    act();
  }

  // What is shown

  #show() {
    const control = this.#control;
    if (!control) return;
    const { toggle, state, note, size, message, notice, noticeWords, question } = this.#parts;
    const { phase } = control;
    this.dataset.recorderPhase = phase;
    toggle.setAttribute("aria-pressed", String(control.isOn));
    toggle.setAttribute("aria-disabled", String(control.isBusy));
    setText(state, control.headline);
    setText(note, control.note);
    note.title = control.fileName;
    setText(size, phase === "recording" ? bytes(control.writtenBytes) : "");
    setText(message, control.message);
    setText(noticeWords, control.notice);
    notice.hidden = !control.notice;
    question.hidden = !control.isAsking;
    this.#tick();
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#send("pet-stream:recorder", { phase });
  }

  #showClip() {
    if (this.#clip) this.#clip.seconds = Number(this.getAttribute("clip"));
  }

  #speak() {
    translate(this.#shadow);
    this.#clip?.show();
    this.#show();
  }

  /** The time: it runs while pictures are recorded and somebody looks. */
  #tick() {
    clearTimeout(this.#timer);
    const ms = this.#control?.elapsedMs ?? 0;
    const { time } = this.#parts;
    setText(time, duration(ms / 1000));
    time.dateTime = isoDuration(ms / 1000);
    const runs = this.phase === "recording" && !document.hidden && this.isConnected;
    if (runs) this.#timer = setTimeout(() => this.#tick(), 1000 - (ms % 1000));
  }

  /** @param {string} words */
  #announce(words) {
    if (this.#send("pet-stream:announce", words, { cancelable: true })) {
      setText(this.#parts.spoken, words);
    }
  }

  /**
   * @param {string} type
   * @param {any} detail
   * @returns {boolean} Whether nobody prevented what follows.
   */
  #send(type, detail, { cancelable = false } = {}) {
    const shape = { detail, cancelable, bubbles: true, composed: true };
    return this.dispatchEvent(new CustomEvent(type, shape));
  }
}

customElements.define("pet-stream-recorder", PetStreamRecorder);
