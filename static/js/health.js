/** The health line: how camera and server are, in words. */

import { describeHealth } from "./camera.js";
import { setText } from "./dom.js";
import { clock } from "./format.js";
import { text } from "./i18n.js";
import { Poll } from "./poll.js";

const POLL_MS = 1000;

/**
 * Wires `[data-health]`; sends `told` with each answer, and `announce` when the state is another, unless the player says so
 * itself, as it does of everything that takes the picture away.
 */
export class HealthLine extends EventTarget {
  #line;
  #api;
  #poll;
  #headline = "";
  #lostAt = null;

  constructor(line, api) {
    super();
    this.#line = line;
    this.#api = api;
    this.#poll = new Poll(() => this.#ask(), POLL_MS);
  }

  start() {
    this.#poll.start();
  }

  refresh() {
    return this.#poll.now();
  }

  async #ask() {
    try {
      const health = await this.#api.health();
      this.#lostAt = null;
      this.#show(describeHealth(health));
      this.dispatchEvent(new CustomEvent("told", { detail: health }));
    } catch {
      this.#lostAt ??= new Date();
      const details = [text("health.since", { time: clock(this.#lostAt) })];
      this.#show({ level: "bad", headline: text("health.unreachable"), details });
    }
  }

  #show({ level, headline, details }) {
    const before = this.#line.dataset.health;
    this.#line.dataset.health = level;
    setText(this.#line.querySelector("[data-health-headline]"), headline);
    setText(this.#line.querySelector("[data-health-details]"), details.join(" · "));
    const isSaidByPlayer = level === "bad" || before === "bad";
    if (this.#headline && headline !== this.#headline && !isSaidByPlayer) {
      this.dispatchEvent(new CustomEvent("announce", { detail: headline }));
    }
    this.#headline = headline;
  }
}
