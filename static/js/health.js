/** The health line: how camera and server are, in words. */

import { describeHealth } from "./camera.js";
import { setText } from "./dom.js";
import { clock } from "./format.js";
import { onLanguage, text } from "./i18n.js";
import { camerasWord, isSeen, linkTrouble } from "./known.js";

/**
 * What a snapshot (`known.js`) says of the camera: `{level, headline, details}`. `level` is
 * `checking`, `ok`, `warn`, `bad`, or `unknown`: then nothing is claimed but what was known last.
 */
export function describe(now) {
  const health = camerasWord(now);
  const trouble = linkTrouble(now);
  if (isSeen(now) && (trouble || !now.isCurrent)) return seen(now, trouble);
  if (trouble) return lost(now, trouble);
  if (!now.isCurrent) return { level: "checking", headline: text("health.checking"), details: [] };
  if (!health) return { level: "warn", headline: text("reconnecting.stalled.title"), details: [] };
  return describeHealth(health);
}

/** Pictures come, and nothing else. */
function seen({ health }, trouble) {
  const described = describeHealth({ ...health, status: "ok", camera: { ...health?.camera, state: "live" } });
  if (trouble !== "server") return described;
  return { ...described, level: "warn", details: [text("health.pictures-only"), ...described.details] };
}

function lost({ link, health }, trouble) {
  const time = clock(new Date(link.since));
  const details = [text("health.since", { time })];
  if (health) {
    const { headline } = describeHealth(health);
    details[0] = text("health.last", { time, what: headline });
  }
  const level = trouble === "connection" ? "unknown" : "bad";
  return { level, headline: text(`reconnecting.${trouble}.title`), details };
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
    setText(this.#line.querySelector("[data-health-details]"), details.join(" · "));
    const isSaidByPlayer = [level, before].some((one) => one === "bad" || one === "unknown");
    if (this.#headline && headline !== this.#headline && !isSaidByPlayer && before !== "checking") {
      this.dispatchEvent(new CustomEvent("announce", { detail: headline }));
    }
    this.#headline = headline;
  }
}
