/** The health line: how camera and server are, in words. */

import { isCameraDown, isCameraPaused, reasonsOf } from "./camera.js";
import { element, setText } from "./dom.js";
import { clock, rate, resolution } from "./format.js";
import { onLanguage, reasonText, text } from "./i18n.js";
import { camerasWord, isSeen, linkTrouble } from "./known.js";
import { State } from "./state.js";

const OPEN_TO_ALL = "open_to_all";
/** The player will notice, too. */
const WITHOUT_PICTURES = ["offline", "closed"];

/**
 * @typedef {object} Described
 * @property {"checking" | "ok" | "warn" | "bad" | "unknown"} level `unknown`: nothing is claimed but
 *   what was known last
 * @property {string} headline
 * @property {string[]} details short phrases
 */

/**
 * What a snapshot says of the camera.
 * @param {import("./known.js").Snapshot} now
 * @returns {Described}
 */
export function describe(now) {
  const trouble = linkTrouble(now);
  if (isSeen(now) && !now.isCurrent && !WITHOUT_PICTURES.includes(trouble)) return seen(now, trouble);
  if (trouble) return lost(now, trouble);
  if (!now.isCurrent) return { level: "checking", headline: text("health.checking"), details: [] };
  const health = camerasWord(now);
  if (!health) return { level: "warn", headline: text("reconnecting.stalled.title"), details: [] };
  const described = describeHealth(health, { isSaid: isShown(now, State.CAMERA_OFFLINE) });
  const isBroken = described.level !== "bad" && isShown(now, State.RECONNECTING);
  return isBroken ? { ...described, level: "warn", headline: text("health.reconnecting") } : described;
}

function isShown({ players }, wanted) {
  return Object.values(players).some(({ camera, state }) => camera === "" && state === wanted);
}

/**
 * Pictures come, and nothing else.
 * @returns {Described}
 */
function seen({ health }, trouble) {
  const well = { ...health, status: "ok", camera: { ...health?.camera, state: "live" } };
  const described = describeHealth(well);
  if (trouble !== "server") return described;
  const details = [text("health.pictures-only"), ...described.details];
  return { ...described, level: "warn", details };
}

/** @returns {Described} */
function lost({ link, health }, trouble) {
  const time = clock(new Date(link.since));
  const since = text("health.since", { time });
  const last = health && text("health.last", { time, what: describeHealth(health).headline });
  const level = trouble === "connection" ? "unknown" : "bad";
  const key = trouble === "connection" ? "reconnecting.title" : `reconnecting.${trouble}.title`;
  return { level, headline: text(key), details: [last ?? since] };
}

/**
 * What a health answer says. `isSaid`: a player says already why no pictures come.
 * @returns {Described}
 */
export function describeHealth(health, { isSaid = false } = {}) {
  const { status, camera = {}, webrtc_clients: viewers } = health;
  /** @type {Described["level"]} */
  let level = "ok";
  let headline = text("health.live");
  if (isCameraPaused(health)) {
    level = "warn";
    headline = text("health.paused");
    return { level, headline, details: isSaid ? [] : reasonsOf(health) };
  }
  if (isCameraDown(health)) {
    level = "bad";
    const isThere = ["waiting", "unusable"].includes(camera.state);
    headline = text(isThere ? `health.${camera.state}` : "health.offline");
  } else if (status !== "ok") {
    level = "warn";
    headline = text("health.degraded");
  }
  const reasons = level === "ok" ? [] : reasonsOf(health);
  const details = level === "bad" && isSaid ? reasons.slice(1) : reasons; // the first is the camera's
  if (level !== "bad") {
    if (camera.width) details.push(resolution(camera.width, camera.height));
    if (camera.fps > 0) details.push(rate(camera.fps));
  }
  if (isOpenToAll(health)) {
    if (level === "ok") level = "warn";
    details.push(reasonText(OPEN_TO_ALL, health.notices[health.notice_codes.indexOf(OPEN_TO_ALL)]));
  }
  if (viewers !== undefined) details.push(text("health.viewers", { count: viewers }));
  for (const { target, state } of health.publications ?? []) {
    if (state === "live") details.push(text("health.published", { target }));
    else if (state === "failing") details.push(text("health.not-published", { target }));
    if (state === "failing" && level === "ok") level = "warn";
  }
  return { level, headline, details };
}

/** Whether nobody decides who may do what, and others than this machine have asked. */
function isOpenToAll({ notice_codes: codes = [] }) {
  return codes.includes(OPEN_TO_ALL);
}

/**
 * Wires `[data-health]` to a store; sends `announce` when the headline is another, unless the player
 * says so itself, as it does of everything that takes the picture away.
 */
export class HealthLine extends EventTarget {
  #line;
  #known;
  #headline = "";

  constructor(line, known) {
    super();
    this.#line = line;
    this.#known = known;
    known.addEventListener("change", () => this.show());
    onLanguage(() => this.show());
    this.show();
  }

  show() {
    const { level, headline, details } = describe(this.#known.now);
    const before = this.#line.dataset.health;
    this.#line.dataset.health = level;
    setText(this.#line.querySelector("[data-health-headline]"), headline);
    this.#showDetails(details);
    const isSaidByPlayer = [level, before].some((one) => one === "bad" || one === "unknown");
    if (this.#headline && headline !== this.#headline && !isSaidByPlayer && before !== "checking") {
      this.dispatchEvent(new CustomEvent("announce", { detail: headline }));
    }
    this.#headline = headline;
  }

  /** Each in an element of its own: a line breaks between them, not within. */
  #showDetails(details) {
    const place = this.#line.querySelector("[data-health-details]");
    if (place.textContent === details.join(" · ")) return;
    const parts = details.map((words, at) => element("span", {}, at ? `· ${words}` : words));
    place.replaceChildren(...parts.flatMap((part, at) => (at ? [" ", part] : [part])));
  }
}
