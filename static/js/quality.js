/** The readout of how the picture comes: size, rate, data, loss, delay. */

import { element, setText } from "./dom.js";
import { number, rate, resolution } from "./format.js";
import { said, sayLabel, text } from "./i18n.js";

const EVERY_MS = 1000;
const ROWS = ["picture", "rate", "data", "loss", "delay", "way"];
const NOTHING = "–";

/** What two samples of `stats()` say, taken `seconds` apart, as texts by row. Pure. */
export function describeQuality(before, now, seconds) {
  const since = (name) => Math.max(0, (now[name] ?? 0) - (before?.[name] ?? 0));
  const has = (name) => before && Number.isFinite(now[name]) && seconds > 0;
  const packets = since("packets");
  const lost = Math.min(1, since("packetsLost") / Math.max(1, packets));
  const kilobits = (since("bytes") * 8) / 1000 / seconds;
  return {
    picture: now.width ? resolution(now.width, now.height) : NOTHING,
    rate: has("framesDecoded") ? rate(since("framesDecoded") / seconds) : NOTHING,
    data: has("bytes") ? `${number(kilobits, 0)}\u00a0kbit/s` : NOTHING,
    loss: has("packets") ? `${number(lost * 100, 1)}\u00a0%` : NOTHING,
    delay: Number.isFinite(now.latencyMs) ? `${number(Math.max(0, now.latencyMs), 0)}\u00a0ms` : NOTHING,
    way: text(now.way === "WebRTC" ? "quality.direct" : "quality.relayed", { way: now.way }),
  };
}

export class QualityPanel {
  #getStats;
  #values = {};
  /** @type {Record<string, any> | null} */
  #before = null;
  #timer = 0;

  constructor(getStats) {
    this.#getStats = getStats;
    const rows = ROWS.flatMap((name) => {
      this.#values[name] = element("dd", { "data-quality": name }, NOTHING);
      return [said("dt", `quality.${name}`), this.#values[name]];
    });
    this.node = element(
      "section",
      { class: "quality", id: "quality", hidden: "" },
      element("dl", {}, ...rows),
    );
    sayLabel(this.node, "quality.title");
  }

  get isOpen() {
    return !this.node.hidden;
  }

  toggle(isOpen = !this.isOpen) {
    this.node.hidden = !isOpen;
    clearInterval(this.#timer);
    this.#before = null;
    if (!isOpen) return;
    this.#timer = setInterval(() => this.#sample(), EVERY_MS);
    this.#sample();
  }

  async #sample() {
    const now = await this.#getStats();
    if (!now || !this.isOpen) {
      this.#before = null;
      return;
    }
    now.at = performance.now();
    const before = this.#before && now.bytes >= this.#before.bytes ? this.#before : null; // a new connection
    const texts = describeQuality(before, now, (now.at - (before?.at ?? 0)) / 1000);
    for (const name of ROWS) setText(this.#values[name], texts[name]);
    this.#before = now;
  }
}
