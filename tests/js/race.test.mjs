import assert from "node:assert/strict";
import { test } from "node:test";

import { ANSWER_MS, EVENTS, NONE, PICTURE_MS, REACH_MS, begin, step } from "../../static/js/race.js";

const BOTH = { hasDirect: true, hasSocket: true };
const LATE = { type: "late" };
const CASES = [
  LATE,
  ...["direct", "socket"].flatMap((lane) => [
    ...["answered", "reached", "connected"].map((stage) => ({ type: "advanced", lane, stage })),
    ...[true, false].map((isFinal) => ({ type: "failed", lane, isFinal })),
    { type: "picture", lane },
  ]),
  ...[true, false].map((isDown) => ({ type: "camera", isDown })),
];

function advanced(stage, lane = "direct") {
  return { type: "advanced", lane, stage };
}

/** What is done, in words, when these events come one after the other. */
function run(events, ways = BOTH) {
  let [race, effects] = begin(ways);
  const all = [...effects];
  for (const event of events) {
    [race, effects] = step(race, event);
    all.push(...effects);
  }
  return all.map((effect) => [effect.do, effect.lane ?? effect.ms].filter(Boolean).join(" "));
}

test("UDP is open: the server hears of one way only", () => {
  const said = run([advanced("answered"), advanced("reached"), advanced("connected"), picture("direct")]);
  const waits = [ANSWER_MS, REACH_MS, PICTURE_MS, PICTURE_MS].map((ms) => `wait ${ms}`);
  assert.deepEqual(said, ["open direct", ...waits, "choose direct"]);
});

test("no packet comes through: the WebSocket begins, wins, and the other is to blame", () => {
  const said = run([advanced("answered"), LATE, advanced("connected", "socket"), picture("socket")]);
  assert.deepEqual(said.slice(3), ["open socket", "blame direct", "close direct", "choose socket"]);
});

test("the first picture wins, whoever began: the other way is closed at once", () => {
  const said = run([advanced("answered"), LATE, advanced("reached"), picture("direct")]);
  assert.deepEqual(said.slice(3), ["open socket", "close socket", "choose direct"]);
});

test("who was only slower is not to blame", () => {
  for (const stage of ["reached", "connected"]) {
    const said = run([advanced("answered"), LATE, advanced(stage), picture("socket")]);
    assert.deepEqual(said.slice(3), ["open socket", "close direct", "choose socket"]);
  }
  assert.deepEqual(run([LATE, picture("socket")]).slice(2), [
    "open socket",
    "close direct",
    "choose socket",
  ]);
});

test("a way that fails leaves all to the other one", () => {
  const failed = { type: "failed", lane: "direct" };
  assert.deepEqual(run([failed]).slice(2), ["choose socket", "open socket"]);
  assert.deepEqual(run([LATE, failed]).slice(2), ["open socket", "choose socket"]);
  assert.deepEqual(run([LATE, { type: "failed", lane: "socket" }]).slice(2), [
    "open socket",
    "choose direct",
  ]);
  assert.deepEqual(run([LATE, failed, { type: "failed", lane: "socket" }]).at(-1), "over");
});

test("the server's word counts for both ways, unless the other one stands", () => {
  const failed = { type: "failed", lane: "direct", isFinal: true };
  assert.deepEqual(run([failed]).slice(2), ["over"]);
  assert.deepEqual(run([LATE, failed]).slice(2), ["open socket", "close socket", "over"]);
  const said = run([LATE, advanced("connected", "socket"), failed]);
  assert.deepEqual(said.slice(2), ["open socket", "choose socket"]);
});

test("one way alone is chosen at once, and is all there is", () => {
  const ways = { hasDirect: true, hasSocket: false };
  assert.deepEqual(run([LATE, picture("direct")], ways), ["choose direct", "open direct"]);
  const socket = { hasDirect: false, hasSocket: true };
  assert.deepEqual(run([LATE], socket), ["choose socket", "open socket"]);
  assert.deepEqual(run([{ type: "failed", lane: "socket" }], socket).at(-1), "over");
});

test("a camera that sends nothing is waited for by one connection", () => {
  const down = { type: "camera", isDown: true };
  assert.deepEqual(run([advanced("connected"), down, LATE]).slice(3), []);
  assert.deepEqual(run([LATE, advanced("connected"), down]).slice(2), ["open socket", "close socket"]);
  assert.deepEqual(run([LATE, down, advanced("connected")]).slice(2), ["open socket", "close socket"]);
  const back = run([advanced("connected"), down, { type: "camera", isDown: false }, LATE]);
  assert.deepEqual(back.slice(3), [`wait ${PICTURE_MS}`, "open socket"]);
});

test("whatever happens in whatever order: nothing runs twice or for ever, and one at most is chosen", () => {
  const found = new Map();
  const add = ([race, effects], running) => {
    const next = new Set(running);
    for (const effect of effects) {
      const said = JSON.stringify([race, effects]);
      if (effect.do === "open") {
        assert.ok(!next.has(effect.lane), said);
        next.add(effect.lane);
      }
      if (effect.do === "close") assert.ok(next.delete(effect.lane), said);
      if (effect.do === "over") assert.equal(next.size, 0, said);
    }
    const isChosenGone = race.chosen && race[race.chosen] === "failed";
    if (race.chosen && !isChosenGone) {
      assert.deepEqual([...next], [race.chosen], JSON.stringify([race, effects]));
    }
    const key = JSON.stringify(race);
    if (!found.has(key)) found.set(key, { race, running: next });
  };
  for (const hasDirect of [true, false]) {
    for (const hasSocket of [true, false]) add(begin({ hasDirect, hasSocket }), new Set());
  }
  for (const { race, running } of found.values()) {
    for (const event of CASES) {
      const left = new Set(running);
      if (event.type === "failed") left.delete(event.lane); // its link is closed by then
      add(step(race, event), left);
    }
  }
  assert.ok(found.size > 30, String(found.size));
  assert.deepEqual(new Set(CASES.map(({ type }) => type)), new Set(EVENTS));
  assert.equal(step(NONE, LATE)[1].length, 0);
});

function picture(lane) {
  return { type: "picture", lane };
}
