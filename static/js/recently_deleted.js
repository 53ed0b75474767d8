/** What was deleted a short while ago and can still be brought back: the end of the list. */

import { element, setText } from "./dom.js";
import { bytes, moment } from "./format.js";
import { text } from "./i18n.js";

/**
 * @typedef {{name: string, size_bytes: number, started_at: number, starred: boolean,
 *   deleted_at: number, restorable_until: number}} Binned
 */

/**
 * A `<details>` that asks the server when it is opened. Sends `change` when something was brought
 * back or deleted for good, and `said` with a text for the live region.
 */
export class RecentlyDeleted extends EventTarget {
  node;
  #summary = element("summary");
  #list = element("ul");
  #empty = element("button", { type: "button", class: "answer empty" });
  #count = 0;
  /** @type {Binned[]} */
  #binned = [];
  /** What is asked about: a name, or "" for all of it; null: nothing. @type {string | null} */
  #asking = null;
  #api;

  /** @param {() => import("./api.js").Api} api */
  constructor(api) {
    super();
    this.#api = api;
    this.node = element("details", { class: "bin", part: "bin", hidden: "" }, this.#summary, this.#list, this.#empty);
    this.node.addEventListener("toggle", () => this.node.open && this.load());
    this.#empty.addEventListener("click", () => this.#ask(""));
  }

  /**
   * Takes what the list said of it.
   *
   * @param {number} count
   */
  told(count) {
    this.#count = count;
    this.draw();
    if (this.node.open) this.load();
  }

  async load() {
    try {
      const { recordings } = await this.#api().bin();
      this.#binned = recordings;
      this.#count = recordings.length;
    } catch {
      // what is known stays
    }
    this.draw();
  }

  /** Shows it, also once more in another language or zone. */
  draw() {
    const hadFocus = this.node.matches(":focus-within");
    this.node.hidden = this.#count === 0;
    setText(this.#summary, text("bin.title", { count: this.#count }));
    if (!this.node.open) return;
    this.#list.replaceChildren(...this.#binned.map((one) => this.#item(one)));
    const isAsking = this.#asking === "";
    this.#empty.hidden = isAsking || this.#binned.length < 2;
    setText(this.#empty, text("bin.empty"));
    if (isAsking) this.#list.append(element("li", {}, this.#question("", text("bin.empty.sure"))));
    if (hadFocus) /** @type {HTMLElement} */ (this.node.querySelector(".question button") ?? this.#summary).focus();
  }

  /** @param {Binned} binned */
  #item({ name, started_at: start, size_bytes: size, restorable_until: until }) {
    const title = moment(new Date(start * 1000));
    const facts = [bytes(size), text("bin.until", { time: moment(new Date(until * 1000)) })];
    const item = element("li", { "data-binned": name });
    item.append(element("strong", {}, title), element("span", { class: "facts" }, facts.join(" · ")));
    if (this.#asking === name) {
      item.append(this.#question(name, text("bin.delete.sure")));
      return item;
    }
    const restore = answer("restore", text("bin.restore"), text("bin.restore.of", { time: title }));
    const remove = answer("forget", text("bin.delete"), text("bin.delete.of", { time: title }));
    restore.addEventListener("click", () => this.#restore(name));
    remove.addEventListener("click", () => this.#ask(name));
    item.append(element("div", { class: "answers" }, restore, remove));
    return item;
  }

  /** @param {string} name @param {string} words */
  #question(name, words) {
    const yes = answer("remove", text("bin.delete"));
    const no = answer("cancel", text("recordings.cancel"));
    yes.addEventListener("click", () => this.#forget(name));
    no.addEventListener("click", () => this.#ask(null));
    const group = element("div", { class: "question", role: "group", "aria-label": words });
    group.append(element("span", {}, words), no, yes);
    group.addEventListener("keydown", ({ key }) => key === "Escape" && this.#ask(null));
    return group;
  }

  /** @param {string | null} name */
  #ask(name) {
    this.#asking = name;
    this.draw();
  }

  /** @param {string} name */
  #restore(name) {
    return this.#do(() => this.#api().restoreRecording(name), "recordings.restored");
  }

  /** @param {string} name "": all of it */
  #forget(name) {
    const task = () => (name ? this.#api().forgetRecording(name) : this.#api().emptyBin());
    return this.#do(task, "bin.deleted");
  }

  /** @param {() => Promise<unknown>} task @param {string} done what to say then */
  async #do(task, done) {
    this.#asking = null;
    let words = text(done);
    try {
      await task();
    } catch (error) {
      words = text("record.failed", { reason: error.message });
    }
    await this.load();
    this.dispatchEvent(new CustomEvent("said", { detail: words }));
    this.dispatchEvent(new Event("change"));
  }
}

/** @param {string} kind @param {string} words @param {string} [label] */
function answer(kind, words, label) {
  return element("button", { type: "button", class: `answer ${kind}`, "aria-label": label }, words);
}
