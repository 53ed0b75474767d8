/** The sheet over the page by which somebody signs in, where the server has accounts of its own. */

import { element, setText } from "./dom.js";
import { said, text } from "./i18n.js";
import { deviceName } from "./session.js";

const STYLE = new URL("../css/sheet.css", import.meta.url).href;

export class SignInSheet {
  #api;
  #onSignedIn;
  #link = element("input", { name: "link", autocomplete: "off", autocapitalize: "off" });
  #name = element("input", { name: "name", autocomplete: "username", autocapitalize: "off" });
  #password = element("input", {
    name: "password",
    type: "password",
    autocomplete: "current-password",
  });
  #message = element("p", { class: "message", role: "alert" });
  #submit = said("button", "sign-in.submit", { type: "submit", class: "retry" });

  constructor(api, onSignedIn) {
    this.#api = api;
    this.#onSignedIn = onSignedIn;
    const close = said("button", "sign-in.close", { type: "button", class: "plain" });
    const form = element(
      "form",
      {},
      said("h2", "sign-in.title", { id: "sign-in-title" }),
      said("p", "sign-in.text"),
      field("sign-in.link", this.#link),
      said("p", "sign-in.or", { class: "or" }),
      field("sign-in.name", this.#name),
      field("sign-in.password", this.#password),
      this.#message,
      element("div", { class: "buttons" }, close, this.#submit),
    );
    const style = element("link", { rel: "stylesheet", href: STYLE });
    this.node = element("dialog", { class: "sheet", "aria-labelledby": "sign-in-title" }, style, form);
    close.addEventListener("click", () => this.node.close());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  async open() {
    const { has_people: hasPeople } = await this.#api.session().catch(() => ({}));
    setText(this.#message, hasPeople === false ? text("sign-in.nobody") : "");
    this.node.showModal();
  }

  async #send() {
    this.#submit.disabled = true;
    setText(this.#message, "");
    try {
      await this.#api.signIn({ ...this.#given(), device: deviceName() });
      this.#password.value = this.#link.value = "";
      this.node.close();
      this.#onSignedIn();
    } catch (error) {
      setText(this.#message, error.message);
    } finally {
      this.#submit.disabled = false;
    }
  }

  #given() {
    const link = this.#link.value.trim();
    if (link) return { invitation: link.replace(/^.*#invitation=/, "") };
    return { name: this.#name.value.trim(), password: this.#password.value };
  }
}

function field(label, input) {
  return element("label", {}, said("span", label), input);
}
