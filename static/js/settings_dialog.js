/** The dialog of the settings: owners see what counts, who has set it, and change what is theirs. */

import { deviceLanguageRow } from "./device_language.js";
import { element, find, setText } from "./dom.js";
import { bytes } from "./format.js";
import { language, onLanguage, said, text } from "./i18n.js";
import { controlOf, originWords, SECTIONS, valueWords } from "./settings_fields.js";

/** @typedef {import("./settings_fields.js").Setting} Setting */
/** @typedef {import("./settings_fields.js").Value} Value */

const STYLE = new URL("../css/settings.css", import.meta.url).href;

export class SettingsDialog {
  #api;
  /** @type {Setting[]} */
  #settings = [];
  #revision = "";
  /** What was chosen and is not saved yet; null: as without the page. @type {Map<string, Value | null>} */
  #chosen = new Map();
  /** Those in which something stands that can't be. @type {Set<string>} */
  #wrong = new Set();
  #isBusy = false;
  #body = element("div", { class: "body" });
  #message = element("p", { class: "message", role: "status" });
  #question = element("div", { class: "asking", role: "alert", hidden: "" });
  #save = /** @type {HTMLButtonElement} */ (
    said("button", "settings.save", { type: "submit", class: "main" })
  );
  #close = button("settings.close", () => this.#leave());

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.#api = api;
    const foot = element("div", { class: "buttons" }, this.#close, this.#save);
    const footer = element("footer", {}, this.#message, this.#question, foot);
    const form = element("form", { novalidate: "" }, this.#body, footer);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#trySave();
    });
    this.node = /** @type {HTMLDialogElement} */ (
      element(
        "dialog",
        { class: "settings-dialog", "aria-labelledby": "settings-title" },
        said("h2", "settings.title", { id: "settings-title" }),
        form,
      )
    );
    this.node.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#leave();
    });
    addEventListener("beforeunload", (event) => this.#hasChanges && event.preventDefault());
    onLanguage(() => this.#speak());
    document.head.append(element("link", { rel: "stylesheet", href: STYLE }));
    document.body.append(this.node);
  }

  async open() {
    this.#say("");
    if (!this.#hasChanges) await this.#load();
    this.#show();
    if (!this.node.open) this.node.showModal();
  }

  get #hasChanges() {
    return this.node.open && (this.#chosen.size > 0 || this.#wrong.size > 0);
  }

  async #load() {
    try {
      this.#take(await this.#api.settings());
    } catch (error) {
      this.#say(error.message, true);
    }
  }

  #take({ settings, revision }) {
    this.#settings = settings;
    this.#revision = revision;
  }

  // What is shown

  #speak() {
    this.#question.hidden = true;
    this.#say("");
    this.#show();
  }

  #show() {
    const sections = SECTIONS.map(({ name, settings }) => {
      const its = this.#settings.filter((setting) => settings.includes(setting.name));
      const rows = its.map((setting) => this.#row(setting));
      if (name === "language") rows.push(deviceLanguageRow());
      return section(name, rows);
    });
    const placed = SECTIONS.flatMap(({ settings }) => settings);
    const others = this.#settings
      .filter(({ name }) => !placed.includes(name))
      .map((setting) => this.#row(setting));
    this.#body.replaceChildren(...sections, ...(others.length ? [section("more", others)] : []));
    this.#showButtons();
  }

  #showButtons() {
    const isAsking = !this.#question.hidden;
    this.#save.hidden = this.#close.hidden = isAsking;
    this.#save.disabled = this.#isBusy || this.#wrong.size > 0 || this.#chosen.size === 0;
  }

  /** @param {Setting} setting */
  #row(setting) {
    const { name } = setting;
    const id = `setting-${name}`;
    const value = this.#chosen.has(name) ? (this.#chosen.get(name) ?? setting.default) : setting.value;
    const { node, control } = controlOf(setting, value, (chosen) => this.#choose(setting, chosen));
    control.id = id;
    control.setAttribute("aria-describedby", `${id}-text ${id}-origin`);
    const origin = element("small", { class: "origin", id: `${id}-origin` }, originWords(setting));
    const row = element(
      "div",
      { class: setting.kind === "flag" ? "setting flag" : "setting", "data-setting": name },
      element("label", { for: id }, text(`settings.${name}`)),
      node,
      element("small", { id: `${id}-text` }, text(`settings.${name}.text`)),
      element("div", { class: "whose" }, origin, ...this.#resetOf(setting)),
    );
    row.toggleAttribute("data-fixed", setting.is_fixed);
    row.toggleAttribute("data-changed", this.#chosen.has(name));
    return row;
  }

  /** A button that takes back what was set here, where something was. */
  #resetOf(setting) {
    if (setting.origin !== "page" || this.#chosen.get(setting.name) === null) return [];
    const words = valueWords(setting.name, setting.default);
    const label = text("settings.reset", { value: words });
    const reset = element("button", { type: "button", class: "reset" }, label);
    reset.addEventListener("click", () => {
      this.#chosen.set(setting.name, null);
      this.#wrong.delete(setting.name);
      this.#say("");
      this.#show();
      find(this.node, `#setting-${setting.name}`).focus();
    });
    return [reset];
  }

  // What is done

  /**
   * @param {Setting} setting
   * @param {Value | null} value null: what stands there can't be one
   */
  #choose({ name, value: before }, value) {
    this.#wrong.delete(name);
    if (value === null) this.#wrong.add(name);
    else if (value === before) this.#chosen.delete(name);
    else this.#chosen.set(name, value);
    find(this.node, `[data-setting="${name}"]`).toggleAttribute("data-changed", value !== before);
    this.#say(value === null ? text("settings.wrong", { name: text(`settings.${name}`) }) : "");
    this.#showButtons();
  }

  /** Asks before something is deleted by it. */
  async #trySave() {
    if (![...this.#chosen.keys()].some((name) => name.startsWith("keep_"))) return this.#saveAll();
    return this.#busy(async () => {
      const { deletes } = await this.#api.changeSettings(this.#values, { isDryRun: true });
      if (deletes && deletes.recordings === 0) return this.#keep();
      const words = deletes
        ? text("settings.deletes", { count: deletes.recordings, size: bytes(deletes.bytes) })
        : text("settings.deletes.unknown");
      this.#ask(words, ["settings.delete", () => this.#saveAll()]);
    });
  }

  get #values() {
    return Object.fromEntries(this.#chosen);
  }

  #saveAll() {
    return this.#busy(() => this.#keep());
  }

  async #keep() {
    const names = [...this.#chosen.keys()];
    this.#take(await this.#api.changeSettings(this.#values, { revision: this.#revision }));
    this.#chosen.clear();
    const saved = this.#settings
      .filter(({ name }) => names.includes(name))
      .map(({ name, value }) =>
        text("settings.saved.one", { name: text(`settings.${name}`), value: valueWords(name, value) }),
      );
    this.#say(text("settings.saved", { what: new Intl.ListFormat(language()).format(saved) }));
    this.#close.focus(); // what was pressed can't be any more
  }

  async #busy(action) {
    this.#isBusy = true;
    this.#say("");
    this.#showButtons();
    try {
      await action();
    } catch (error) {
      this.#say(error.message, true);
      if (error.code === "settings_changed" || error.code === "setting_fixed") await this.#load();
    }
    this.#isBusy = false;
    this.#show();
  }

  #leave() {
    if (!this.#hasChanges) return this.node.close();
    const discard = () => {
      this.#chosen.clear();
      this.#wrong.clear();
      this.node.close();
    };
    return this.#ask(text("settings.unsaved"), ["settings.discard", discard]);
  }

  /** Asks, in the place of the buttons; `choice` is what else can be done than going back. */
  #ask(words, [key, action]) {
    const answer = (then) => () => {
      this.#question.hidden = true;
      this.#showButtons();
      then();
    };
    const back = button("settings.back", answer(() => this.#save.focus()));
    const go = button(key, answer(action), "danger");
    this.#question.replaceChildren(
      element("p", {}, words),
      element("div", { class: "buttons" }, back, go),
    );
    this.#question.hidden = false;
    this.#showButtons();
    back.focus();
  }

  #say(words, isError = false) {
    this.#message.toggleAttribute("data-error", isError);
    setText(this.#message, words);
  }
}

function section(name, rows) {
  return element("section", {}, element("h3", {}, text(`settings.section.${name}`)), ...rows);
}

function button(key, action, kind = "") {
  const node = /** @type {HTMLButtonElement} */ (said("button", key, { type: "button", class: kind }));
  node.addEventListener("click", action);
  return node;
}
