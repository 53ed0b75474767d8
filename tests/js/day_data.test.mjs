import assert from "node:assert/strict";
import { test } from "node:test";

import { DayData } from "../../static/js/day_data.js";

const at = (text) => Date.parse(`${text}Z`) / 1000;

/** A server with recordings on three days; `asked` tells what it was asked for. */
class TimelineApi {
  asked = [];
  days = ["2026-11-01", "2026-11-03", "2026-11-20"];

  async timeline(day) {
    this.asked.push(day);
    const from = at(`${day}T00:00:00`);
    const name = day === "2026-11-03" ? "raw.h264" : `${day}.mp4`;
    const spans = this.days.includes(day) ? [{ name, from: from + 60, to: from + 90 }] : [];
    return { day, from, to: from + 86_400, time_zone: "UTC", reading: 0, left_out: 0, spans };
  }

  async recordedDays() {
    this.asked.push("days");
    return { time_zone: "UTC", days: this.days.map((day) => ({ day, recordings: 1, starred: 0 })) };
  }
}

test("what follows is found on whatever later day, past what no browser plays", async () => {
  const api = new TimelineApi();
  const data = new DayData(api);
  const now = at("2026-11-30T00:00:00");
  const found = await data.firstAfter(at("2026-11-01T12:00:00"), now);
  assert.deepEqual([found.name, found.at_s], ["2026-11-20.mp4", 0]);
  assert.deepEqual(api.asked, ["days", "2026-11-03", "2026-11-20"]);
  assert.equal(await data.firstAfter(at("2026-11-20T12:00:00"), now), null);
  await data.firstAfter(at("2026-11-01T12:00:00"), now);
  assert.equal(api.asked.length, 3, "what is known is not asked for again");
  data.forget();
  await data.days();
  assert.equal(api.asked.length, 4);
});

test("only so many days are kept, the last ones", async () => {
  const data = new DayData(new TimelineApi());
  for (let day = 1; day <= 20; day += 1) await data.load(`2026-11-${String(day).padStart(2, "0")}`);
  assert.equal(data.known("2026-11-01"), undefined);
  assert.equal(data.known("2026-11-20")?.spans.length, 1);
});
