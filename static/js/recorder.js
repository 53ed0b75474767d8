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
import { element, icon, setText } from "./dom.js";
import { bytes, duration, isoDuration } from "./format.js";
import { onLanguage, translate } from "./i18n.js";
import { RecordingControl } from "./recording_control.js";
import { serverAt } from "./server.js";

const STYLE = new URL("../css/recorder.css", import.meta.url).href;

export class PetStreamRecorder extends HTMLElement {
  static observedAttributes = ["src", "link", "clip"];

  /** @type {RecordingControl | null} */
  #control = null;
  /** @type {ClipButton | null} */
  #clip = null;
  #parts = null;
  /** @type {AbortController | null} For as long as it is in the page. */
  #stay = null;
  #release = () => {};
  #timer = 0;
  #phase = "";

  get phase() {
    return this.#control?.phase ?? "unknown";
  }

  toggle() {
    return this.#control?.toggle();
  }

  saveClip() {
    return this.#clip?.save();
  }

  connectedCallback() {
    if (this.#stay) return; // moved to another place in the page, it goes on
    if (!this.shadowRoot) this.#build();
    this.#stay = new AbortController();
    const { signal } = this.#stay;
    onLanguage(() => this.#speak(), { signal });
    document.addEventListener("visibilitychange", () => this.#tick(), { signal });
    this.#attach();
  }

  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#stay?.abort();
      this.#stay = null;
      this.#detach();
    });
  }

  attributeChangedCallback(name, before, now) {
    if (!this.#stay || before === now) return;
    if (name === "clip") this.#showClip();
    else {
      this.#detach();
      this.#attach();
    }
  }

  #attach() {
    const server = serverAt(this.getAttribute("src") ?? "", this.getAttribute("link"));
    this.#release = server.hold();
    const control = (this.#control = new RecordingControl(server));
    control.addEventListener("change", () => this.#show());
    control.addEventListener("announce", ({ detail }) => this.#announce(detail));
    control.addEventListener("saved", ({ detail: name }) => this.#send("pet-stream:saved", { name }));
    const clip = (this.#clip = new ClipButton(server.api, control));
    this.#parts.clip.replaceWith(clip.node);
    this.#parts.clip = clip.node;
    this.#showClip();
    control.start();
  }

  #detach() {
    clearTimeout(this.#timer);
    this.#control?.stop();
    this.#release();
  }

  // Putting it together

  #build() {
    const shape = element("span");
    const toggle = element(
      "button",
      { type: "button", class: "toggle", part: "toggle", "data-record": "", "data-label": "record.label" },
      shape,
    );
    const parts = {
      toggle,
      state: element("p", { class: "state", part: "state", "data-record-state": "" }),
      note: element("p", { class: "note", part: "note", "data-record-file": "" }),
      time: element("time", { class: "time", part: "time", "data-record-time": "" }),
      size: element("span", { class: "size", part: "size", "data-record-size": "" }),
      clip: element("span"),
      message: element("p", { class: "message", part: "message", "data-record-message": "" }),
      notice: element("span", { "data-record-notice": "" }),
      noticeRow: element("p", { class: "message notice", part: "message", hidden: "" }),
      question: this.#question(),
      spoken: element("p", { class: "spoken", role: "status" }),
    };
    this.#parts = parts;
    const close = { type: "button", class: "close", "data-label": "record.read" };
    const closeButton = element("button", close, icon("close"));
    closeButton.addEventListener("click", () => this.#control?.dismissNotice());
    parts.noticeRow.append(parts.notice, closeButton);
    const panel = element(
      "section",
      { class: "panel", role: "group", "data-label": "record.panel", hidden: "" },
      toggle,
      element("div", { class: "said" }, parts.state, parts.note),
      element("div", { class: "numbers" }, parts.time, parts.size),
      parts.clip,
      element("div", { class: "messages" }, parts.question, parts.message, parts.noticeRow),
      parts.spoken,
    );
    toggle.addEventListener("click", () => this.#toggled());
    const style = element("link", { rel: "stylesheet", href: STYLE });
    style.onload = style.onerror = () => panel.removeAttribute("hidden");
    this.attachShadow({ mode: "open" }).append(style, panel);
    translate(this.shadowRoot);
  }

  #question() {
    const answer = (name, act) => {
      const attributes = { type: "button", class: `answer ${name}`, "data-text": `record.${name}` };
      const button = element("button", attributes);
      button.addEventListener("click", () => {
        this.#parts.toggle.focus();
        act(this.#control);
      });
      return button;
    };
    const group = element(
      "div",
      { class: "question", part: "question", role: "group", "data-label": "record.sure", hidden: "" },
      element("span", { "data-text": "record.sure" }),
      answer("end", (control) => control.end()),
      answer("keep", (control) => control.keep()),
    );
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation(); // what lies around it stays open
      this.#parts.toggle.focus();
      this.#control?.keep();
    });
    return group;
  }

  async #toggled() {
    const wasAsking = this.#control?.isAsking;
    if (wasAsking) return this.#control.keep();
    await this.toggle();
    if (this.#control?.isAsking) this.#parts.question.querySelector(".keep").focus();
  }

  // What is shown

  #show() {
    const control = this.#control;
    const { phase } = control;
    const { toggle, state, note, size, message, notice, noticeRow, question } = this.#parts;
    this.dataset.recorderPhase = phase;
    toggle.setAttribute("aria-pressed", String(control.isOn));
    toggle.setAttribute("aria-disabled", String(control.isBusy));
    setText(state, control.headline);
    setText(note, control.note);
    setText(size, phase === "recording" ? bytes(control.writtenBytes) : "");
    setText(message, control.message);
    setText(notice, control.notice);
    noticeRow.hidden = !control.notice;
    question.hidden = !control.isAsking;
    this.#tick();
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#send("pet-stream:recorder", { phase });
  }

  #showClip() {
    this.#clip.seconds = Number(this.getAttribute("clip"));
  }

  #speak() {
    translate(this.shadowRoot);
    this.#clip.show();
    this.#show();
  }

  /** The time: it runs while pictures are recorded and somebody looks. */
  #tick() {
    clearTimeout(this.#timer);
    const ms = this.#control.elapsedMs;
    const { time } = this.#parts;
    setText(time, duration(ms / 1000));
    time.dateTime = isoDuration(ms / 1000);
    const runs = this.phase === "recording" && !document.hidden && this.isConnected;
    if (runs) this.#timer = setTimeout(() => this.#tick(), 1000 - (ms % 1000));
  }

  #announce(words) {
    if (this.#send("pet-stream:announce", words, { cancelable: true })) {
      setText(this.#parts.spoken, words);
    }
  }

  #send(type, detail, { cancelable = false } = {}) {
    return this.dispatchEvent(
      new CustomEvent(type, { detail, cancelable, bubbles: true, composed: true }),
    );
  }
}

customElements.define("pet-stream-recorder", PetStreamRecorder);
