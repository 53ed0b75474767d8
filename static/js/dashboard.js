/** The dashboard: puts player, record button, recordings and health together. */

import "./player.js";
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

/** So long a picture may take before the day is shown without one. */
const DAY_MS = 2_000;

const find = (selector) => document.querySelector(selector);

const recorder = find("pet-stream-recorder");
const player = find("pet-stream");
const spoken = find("[data-announce]");
const server = serverAt(player.getAttribute("src") ?? "");
const { api, known } = server;
new Naming(known, player);
const stage = new Stage(find("main"), player, api, (words) => setText(spoken, words));
const recordings = find("[data-recordings-panel]");
const health = new HealthLine(find("[data-health]"), known);

const pauseButton = find("[data-pause-toggle]");
const pause = new PauseBar(find("[data-pause]"), pauseButton, server);

const session = new Session(api, find("main").dataset.session);
const account = find("[data-account]");
const gear = find("[data-settings]");
/** @type {import("./account.js").AccountDialog | null} */
let dialog = null;
/** @type {import("./settings_dialog.js").SettingsDialog | null} */
let settings = null;
/** @type {Promise<{update: (count: number) => unknown}> | null} */
let warnings = null;
/** @type {Promise<unknown[]> | null} */
let day = null;
let isDayWanted = false;
let warned = 0;

const announce = (/** @type {any} */ { detail }) => setText(spoken, detail);
document.addEventListener("pet-stream:saved", () => recordings.refresh());
document.addEventListener("pet-stream:playback", (event) => {
  markRow(/** @type {CustomEvent} */ (event).detail.name);
});
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
  if (isDayWanted) openDay();
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

/** The list marks what plays; null: it is live. */
function markRow(name) {
  if (recordings.getAttribute("playing") === name) return;
  if (name) recordings.setAttribute("playing", name);
  else recordings.removeAttribute("playing");
}

/** The strip of the day is no part of the first picture: it comes after it. */
async function openDay() {
  isDayWanted = true;
  if (day || !session.may("replay")) return;
  const parts = Promise.all([import("./day_strip.js"), addWords("day")]);
  day = parts;
  const [{ DayStrip }] = await parts;
  new DayStrip(find("[data-day-strip]"), server).start();
}

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
stage.start();
player.addEventListener("pet-stream:state", ({ detail: { state } }) => {
  if (state !== "connecting") openDay();
});
setTimeout(openDay, DAY_MS);
session.start();
addEventListener("hashchange", () => session.start()); // a link was pasted into this very tab
