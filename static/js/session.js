/** Who uses this page, and what that person may do. */

import { addWords, text } from "./i18n.js";

const INVITATION = /^#invitation=([\w-]+)$/;

/** Sends `change` when somebody has signed in or out, or may do something else. */
export class Session extends EventTarget {
  #api;
  /** @type {{auth?: string, name?: string, role?: string, rights?: string[]} | null} */
  #known = null;
  #told;

  /** `told`: what the page said of it, as JSON; "" if nothing. */
  constructor(api, told = "") {
    super();
    this.#api = api;
    this.#told = told;
  }

  get name() {
    return this.#known?.name ?? "";
  }

  /** Whether people sign in here, and not at the host. */
  get hasAccounts() {
    return this.#known?.auth === "builtin";
  }

  get isSignedIn() {
    return this.hasAccounts && Boolean(this.#known?.role);
  }

  get isKnown() {
    return this.#known !== null;
  }

  /** Until it is known, nothing is hidden: the server decides in any case. */
  may(right) {
    return this.#known?.rights?.includes(right) ?? true;
  }

  /**
   * Asks who it is, and signs in by the link that the page was opened with, if it was. Whoever is
   * signed in already has to confirm that: the link may be for somebody else.
   */
  async start(secret = takeInvitation(), isMeant = confirmLink) {
    await this.load();
    if (!secret || (this.isSignedIn && !(await isMeant(this.name)))) return;
    await this.#api.signIn({ invitation: secret, device: deviceName() }).catch(() => {});
    await this.load();
  }

  async load() {
    const before = JSON.stringify(this.#known);
    const told = this.#told;
    this.#told = ""; // it counts once: somebody may sign in
    this.#known = told ? JSON.parse(told) : await this.#api.session().catch(() => this.#known);
    if (JSON.stringify(this.#known) !== before) this.dispatchEvent(new Event("change"));
  }

  async signOut() {
    await this.#api.signOut();
    await this.load();
  }
}

/** The secret of an invitation's link, which no longer stands in the address afterwards. */
function takeInvitation() {
  const [, secret] = INVITATION.exec(location.hash) ?? [];
  if (secret) history.replaceState(history.state, "", location.pathname + location.search);
  return secret;
}

async function confirmLink(name) {
  await addWords("account");
  return confirm(text("sign-in.instead", { name }));
}

/** What somebody's list of devices calls this browser, such as `Firefox, Android`. Pure. */
export function deviceName(agent = navigator.userAgent) {
  const first = (...pairs) => pairs.find(([pattern]) => pattern.test(agent))?.[1];
  const browser = first(
    [/Edg/, "Edge"],
    [/OPR/, "Opera"],
    [/Firefox|FxiOS/, "Firefox"],
    [/Chrome|CriOS/, "Chrome"],
    [/Safari/, "Safari"],
  );
  const system = first(
    [/iPhone/, "iPhone"],
    [/iPad/, "iPad"],
    [/Android/, "Android"],
    [/Mac OS/, "Mac"],
    [/Windows/, "Windows"],
    [/Linux/, "Linux"],
  );
  return [browser, system].filter(Boolean).join(", ") || "Browser";
}
