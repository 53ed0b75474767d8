/** The dashboard: puts player, record button, recordings and health together. */

import "./player.js";
import { DayStrip } from "./day_strip.js";
import { setText } from "./dom.js";
import { HealthLine } from "./health.js";
import { addWords, onLanguage } from "./i18n.js";
import { Naming } from "./naming.js";
import { PauseBar } from "./pause.js";
import "./recorder.js";
import "./recordings.js";
import { serverAt } from "./server.js";
import { Session } from "./session.js";
import { Stage } from "./stage.js";

const find = (selector) => document.querySelector(selector);

const recorder = find("pet-stream-recorder");
const player = find("pet-stream");
const spoken = find("[data-announce]");
const server = serverAt(player.getAttribute("src") ?? "");
const { api, known } = server;
new Naming(known, player);
const stage = new Stage(find("main"), player, api, (words) => setText(spoken, words));
const recordings = find("[data-recordings-panel]");
const strip = new DayStrip(find("[data-day-strip]"), server);
const health = new HealthLine(find("[data-health]"), known);

const pauseButton = find("[data-pause-toggle]");
const pause = new PauseBar(find("[data-pause]"), pauseButton, server);

const session = new Session(api);
const account = find("[data-account]");
const gear = find("[data-settings]");
/** @type {import("./account.js").AccountDialog | null} */
let dialog = null;
/** @type {import("./settings_dialog.js").SettingsDialog | null} */
let settings = null;
/** @type {Promise<{update: (count: number) => unknown}> | null} */
let warnings = null;
let warned = 0;

const announce = (/** @type {any} */ { detail }) => setText(spoken, detail);
document.addEventListener("pet-stream:saved", () => recordings.refresh());
health.addEventListener("announce", announce);
pause.addEventListener("announce", announce);
document.addEventListener("pet-stream:announce", (event) => {
  event.preventDefault();
  announce(event);
});

known.addEventListener("change", () => {
  const { now } = known;
  if (now.health?.warnings !== undefined && now.health.warnings !== warned) {
    warned = now.health.warnings;
    showWarnings();
  }
  const length = now.health?.page?.replay_seconds; // an owner may have changed it
  if (length !== undefined && recorder.getAttribute("clip") !== String(length)) {
    recorder.setAttribute("clip", String(length));
  }
});

/** What somebody may not do is not shown; what was refused before may be allowed now. */
session.addEventListener("change", () => {
  recorder.hidden = !session.may("record");
  for (const part of ["[data-recordings-panel]", "[data-day-strip]"]) {
    find(part).hidden = !session.may("replay");
  }
  pauseButton.hidden = !session.may("manage");
  recordings.toggleAttribute("read-only", !session.may("manage"));
  account.hidden = !session.isSignedIn;
  gear.hidden = !session.may("manage");
  setText(account.querySelector("[data-account-name]"), session.name);
  showWarnings();
  if (!session.hasAccounts) return;
  if (!known.now.link.isPushed) server.retry();
  if (player.state === "not-allowed") player.retry();
  recordings.refresh();
});

/** Those that this person may see. */
async function showWarnings() {
  const count = session.isKnown && session.may("operate") ? warned : 0;
  if (count) warnings ??= import("./warnings.js").then((part) => part.openPanel(api));
  (await warnings)?.update(count);
}

player.addEventListener("pet-stream:signed-in", () => session.load());
account.addEventListener("click", async () => {
  const [{ AccountDialog }] = await Promise.all([import("./account.js"), addWords("account")]);
  dialog ??= new AccountDialog(api, session);
  dialog.open();
});

onLanguage(() => {
  dialog?.node.remove();
  dialog = null;
});
gear.addEventListener("click", async () => {
  const [{ SettingsDialog }] = await Promise.all([
    import("./settings_dialog.js"),
    addWords("settings"),
  ]);
  settings ??= new SettingsDialog(api);
  settings.open();
});

server.hold();
strip.start();
stage.start();
session.start();
addEventListener("hashchange", () => session.start()); // a link was pasted into this very tab
