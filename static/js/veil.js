/** What lies over the picture while it is not live: what is going on, and what happens next. */

import { element, icon, setText } from "./dom.js";
import { clock } from "./format.js";
import { hasText, reasonText, text } from "./i18n.js";
import { State } from "./state.js";

const COUNTDOWN_MS = 250;

const ICONS = {
  [State.CAMERA_OFFLINE]: "camera-off",
  [State.RECONNECTING]: "link-off",
  [State.FULL]: "people",
  [State.NOT_ALLOWED]: "lock",
  [State.UNSUPPORTED]: "film-off",
  [State.BLOCKED]: "play",
  [State.PAUSED]: "pause",
  [State.CLOSED]: "stop",
};

const WITH_BUTTON = new Set([
  State.RECONNECTING,
  State.FULL,
  State.NOT_ALLOWED,
  State.UNSUPPORTED,
  State.BLOCKED,
  State.PAUSED,
  State.CLOSED,
]);

const TRYING = new Set([State.RECONNECTING, State.FULL]);

export class Veil {
  /** All of them from the start: when the server is gone, a new one could not be fetched. */
  #icons = Object.entries(ICONS).map(([state, name]) => ({ state, node: icon(name) }));
  #symbol = element("div", { class: "symbol" }, ...this.#icons.map(({ node }) => node));
  #title = element("p", { class: "title", part: "veil-title" });
  #note = element("p", { class: "note", part: "veil-note" });
  #wait = element("p", { class: "wait", "aria-hidden": "true" });
  #button = element("button", { type: "button", class: "retry", part: "veil-button" });
  #countdown = 0;
  #shown = "";
  #wasLive = false;
  /** @type {Date|null} */
  #lastLiveAt = null;

  constructor(onRetry) {
    const words = element("div", { class: "words" }, this.#title, this.#note, this.#wait);
    this.node = element("div", { class: "veil", part: "veil" }, this.#symbol, words, this.#button);
    this.#button.addEventListener("click", onRetry);
  }

  /** Shows a state; returns what a screen reader is told. */
  show({ state, reason, retryAt }) {
    const isLive = state === State.LIVE;
    if (this.#wasLive && !isLive) this.#lastLiveAt = new Date();
    if (isLive) this.#lastLiveAt = null;
    this.#wasLive = isLive;
    this.#tick({ state, reason, retryAt });
    // Nobody is to see even what came last.
    this.node.toggleAttribute("data-hides", state === State.CAMERA_OFFLINE && reason.code === "paused");
    this.node.toggleAttribute("data-still", reason.code === "held");
    const [title, note] = wordsFor(state, reason);
    setText(this.#title, title);
    setText(this.#note, note);
    if (this.#shown !== state) {
      this.#shown = state;
      this.#symbol.toggleAttribute("data-turns", !(state in ICONS));
      for (const { state: its, node } of this.#icons) node.toggleAttribute("hidden", its !== state);
      this.#button.hidden = !WITH_BUTTON.has(state);
    }
    setText(this.#button, buttonFor(state, reason.code));
    return isLive ? title : `${title}. ${note}`;
  }

  stop() {
    clearInterval(this.#countdown);
  }

  /** The countdown and the time of the last picture; runs only while something counts. */
  #tick(told) {
    const { state, reason, retryAt } = told;
    const seconds = retryAt === null ? 0 : Math.ceil((retryAt - performance.now()) / 1000);
    clearInterval(this.#countdown);
    if (seconds > 0) this.#countdown = setInterval(() => this.#tick(told), COUNTDOWN_MS);
    const words = [];
    if (seconds > 0) words.push(text("player.in", { seconds }));
    else if (TRYING.has(state) || reason.code === "undecodable") words.push(text("player.now"));
    if (this.#lastLiveAt) words.push(text("player.last", { time: clock(this.#lastLiveAt) }));
    setText(this.#wait, words.join(" · "));
  }
}

function buttonFor(state, code) {
  const keys = [`${state}.${code}.button`, `${state}.button`, "player.retry"];
  return text(keys.find(hasText));
}

/** Title and explanation: for this reason if there are words for it, else for the state. */
function wordsFor(state, { code, words }) {
  const special = (part) => `${state}.${code}.${part}`;
  const say = (part) => text(hasText(special(part)) ? special(part) : `${state}.${part}`, { words });
  const isMore = words && !hasText(special("text"));
  return [say("title"), (isMore ? sentence(reasonText(code, words)) : "") + say("text")];
}

/** Words of the server, ready for another sentence behind them. */
function sentence(words) {
  const capital = words.charAt(0).toUpperCase() + words.slice(1);
  if (/[.!?。]$/.test(words)) return `${capital} `;
  return capital + (/[ -~]$/.test(words) ? ". " : "。");
}
