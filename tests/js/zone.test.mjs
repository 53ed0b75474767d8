import assert from "node:assert/strict";
import { test } from "node:test";

import { dayAfter, dayOf, dayStart, offsetMinutes, onZone, setZone } from "../../static/js/zone.js";

const at = (text) => Date.parse(text) / 1000;

/** Zone, a time, its day, when that day begins, and how many hours it has. */
const DAYS = [
  ["UTC", "2026-11-30T00:00:00Z", "2026-11-30", "2026-11-30T00:00:00Z", 24],
  ["Asia/Tokyo", "2026-11-29T18:51:01Z", "2026-11-30", "2026-11-29T15:00:00Z", 24],
  ["+05:30", "2026-11-29T18:29:59Z", "2026-11-29", "2026-11-28T18:30:00Z", 24],
  ["-03:30", "2026-11-30T03:29:59Z", "2026-11-29", "2026-11-29T03:30:00Z", 24],
  ["Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-29", "2026-03-28T23:00:00Z", 23],
  ["Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-25", "2026-10-24T22:00:00Z", 25],
  ["Pacific/Apia", "2026-11-30T10:59:59Z", "2026-11-30", "2026-11-29T11:00:00Z", 24],
  ["America/St_Johns", "2026-07-01T02:29:59Z", "2026-06-30", "2026-06-30T02:30:00Z", 24],
  ["Africa/Cairo", "2026-04-24T12:00:00Z", "2026-04-24", "2026-04-23T22:00:00Z", 23], // begins at 1:00
];

for (const [zone, time, day, begins, hours] of DAYS) {
  test(`in ${zone}, ${time} lies in ${day}, which has ${hours} hours`, () => {
    setZone(zone);
    assert.equal(dayOf(at(time)), day);
    assert.equal(dayStart(day), at(begins));
    assert.equal(dayStart(dayAfter(day, 1)) - dayStart(day), hours * 3600);
  });
}

test("days are counted over months and leap years", () => {
  assert.equal(dayAfter("2028-02-28", 1), "2028-02-29");
  assert.equal(dayAfter("2026-01-01", -1), "2025-12-31");
  assert.equal(dayAfter("2026-11-30", 365), "2027-11-30");
});

test("a zone that nobody knows changes nothing, and no news are no change", () => {
  let changes = 0;
  const end = new AbortController();
  onZone(() => (changes += 1), { signal: end.signal });
  setZone("Asia/Tokyo");
  for (const told of ["Mars/Olympus", "", undefined, "Asia/Tokyo"]) setZone(told);
  assert.equal(offsetMinutes(new Date(0)), 540);
  assert.equal(changes, 1);
  end.abort();
  setZone("UTC");
  assert.equal(changes, 1);
});
