/** The dialog about who may use the camera: this person's devices; for owners, everybody. */

import { element, setText } from "./dom.js";
import { day } from "./format.js";
import { language, pace, text } from "./i18n.js";

const STYLE = new URL("../css/account.css", import.meta.url).href;
const PAGE = "/pet-stream/";
const SHARED_HOURS = 12;
const ROLES = ["guest", "family", "owner"];

export class AccountDialog {
  #api;
  #session;
  #body = element("div", { class: "body" });
  #message = element("p", { class: "message", role: "status" });

  constructor(api, session) {
    this.#api = api;
    this.#session = session;
    const close = element("button", { type: "button", class: "close" }, text("account.close"));
    close.addEventListener("click", () => this.node.close());
    this.node = element(
      "dialog",
      { class: "account", "aria-labelledby": "account-title" },
      element("h2", { id: "account-title" }, text("account.title")),
      this.#body,
      this.#message,
      element("div", { class: "buttons" }, close),
    );
    document.head.append(element("link", { rel: "stylesheet", href: STYLE }));
    document.body.append(this.node);
  }

  async open() {
    setText(this.#message, "");
    await this.#show();
    this.node.showModal();
  }

  async #show() {
    const parts = [this.#own()];
    if (this.#session.may("manage")) {
      const [people, { viewers }] = await Promise.all([this.#api.people(), this.#api.viewers()]);
      parts.push(this.#watching(viewers), this.#everybody(people), this.#inviting());
    }
    this.#body.replaceChildren(...parts);
  }

  #own() {
    const add = this.#button("account.add_device", async () => {
      this.#showLink(await this.#api.inviteDevice());
    });
    const share = this.#button("account.share", async () => {
      this.#showLink(await this.#api.makeLink(PAGE, SHARED_HOURS), "account.shared");
    });
    const signOut = this.#button("account.sign_out", async () => {
      await this.#session.signOut();
      this.node.close();
    });
    return section(
      text("account.you", { name: this.#session.name }),
      element("div", { class: "buttons" }, add, share, signOut),
      this.#passwordForm(),
    );
  }

  #passwordForm() {
    const input = element("input", {
      type: "password",
      autocomplete: "new-password",
      minlength: "8",
      maxlength: "200",
      "aria-label": text("account.password"),
      placeholder: text("account.password"),
    });
    const save = element("button", { type: "submit" }, text("account.set_password"));
    const form = element("form", { class: "row" }, input, save);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try(async () => {
        await this.#api.setPassword(input.value || null);
        input.value = "";
        setText(this.#message, text("account.password_set"));
      });
    });
    return form;
  }

  #watching(viewers) {
    const rows = viewers.map(({ id, name, client, transport, duration_s: seconds, thinned_to: pictures }) =>
      row(
        name || client || text("account.somebody"),
        [
          text("account.watches", { way: transport, minutes: Math.ceil(seconds / 60) }),
          ...(pictures ? [pace(pictures)] : []),
        ].join(" · "),
        this.#button("account.end", () => this.#api.endViewer(id), { isAgain: true }),
      ),
    );
    return section(text("account.watching"), ...(rows.length ? rows : [text("account.nobody")]));
  }

  #everybody({ people, tokens }) {
    const rows = people.flatMap((person) => [
      row(person.name, text(`role.${person.role}`), this.#revoke("people", person.id)),
      ...person.devices.map(({ id, name, seen_at: seenAt }) =>
        row(name, seen(seenAt), this.#revoke("devices", id), "device"),
      ),
    ]);
    const programs = tokens.map(({ id, name, rights }) =>
      row(name, inWords(rights), this.#revoke("tokens", id)),
    );
    return section(text("account.people"), ...rows, ...programs);
  }

  #inviting() {
    const name = element("input", {
      "aria-label": text("account.name"),
      placeholder: text("account.name"),
      maxlength: "50",
      required: "",
    });
    const role = element(
      "select",
      { "aria-label": text("account.role") },
      ...ROLES.map((word) => element("option", { value: word }, text(`role.${word}`))),
    );
    const make = element("button", { type: "submit" }, text("account.invite"));
    const form = element("form", { class: "row" }, name, role, make);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try(async () => {
        this.#showLink(await this.#api.invite({ name: name.value, role: role.value }));
        name.value = "";
      });
    });
    return section(text("account.inviting"), form);
  }

  #showLink({ url, qr_svg: svg }, words = "account.link") {
    const code = element("img", {
      class: "code",
      alt: text("account.code"),
      src: `data:image/svg+xml,${encodeURIComponent(svg)}`,
    });
    const link = element("input", { readonly: "", value: url, "aria-label": text(words) });
    link.addEventListener("focus", () => link.select());
    const shown = section(text(words), text(`${words}.text`), code, link);
    shown.classList.add("link");
    this.#body.querySelector(".link")?.remove();
    this.#body.prepend(shown);
    link.focus();
  }

  #revoke(kind, id) {
    return this.#button("account.revoke", () => this.#api.revoke(kind, id), { isAgain: true });
  }

  /** `isAgain`: the dialog is shown anew afterwards. */
  #button(label, action, { isAgain = false } = {}) {
    const button = element("button", { type: "button" }, text(label));
    button.addEventListener("click", () =>
      this.#try(async () => {
        await action();
        if (isAgain) await this.#session.load();
        if (isAgain) await this.#show();
      }),
    );
    return button;
  }

  async #try(action) {
    setText(this.#message, "");
    try {
      await action();
    } catch (error) {
      setText(this.#message, error.message);
    }
  }
}

/** "watch and record" */
function inWords(rights) {
  return new Intl.ListFormat(language()).format(rights.map((right) => text(`right.${right}`)));
}

function seen(at) {
  return text("account.seen", { day: day(new Date(at * 1000)) });
}

function section(title, ...parts) {
  const nodes = parts.map((part) => (typeof part === "string" ? element("p", {}, part) : part));
  return element("section", {}, element("h3", {}, title), ...nodes);
}

function row(name, about, button, kind = "person") {
  const words = element("span", {}, element("b", {}, name), " ", element("small", {}, about));
  return element("div", { class: `row ${kind}` }, words, button);
}
