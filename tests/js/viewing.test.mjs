import assert from "node:assert/strict";
import { test } from "node:test";

import { State } from "../../static/js/state.js";
import { EVENTS, Phase, closed, isActive, reasonOf, step } from "../../static/js/viewing.js";

const NOW = 1_000;
const random = () => 0.5;
const STALLED = { type: "stalled", reason: reasonOf("stalled") };
const CAMERA = { type: "camera", reason: reasonOf("stalled", "no picture for 2 s") };
const FULL = { type: "refused", state: State.FULL, reason: reasonOf("full"), delayMs: 5_000 };
const FORBIDDEN = {
  type: "refused",
  state: State.NOT_ALLOWED,
  reason: reasonOf("unauthorized"),
  delayMs: null,
};
const REFUSED_FOR_NOW = {
  type: "refused",
  state: State.RECONNECTING,
  reason: reasonOf("refused"),
  delayMs: undefined,
  random,
};

function lost(code, more = {}) {
  return { type: "lost", reason: reasonOf(code), random, ...more };
}

/** Every event, in each of its kinds. */
const CASES = [
  ...["start", "stop", "retry", "hold", "resume", "away", "back", "leave", "return"],
  ...["online", "reachable", "live", "steady", "blocked", "otherWay", "undecodable"],
]
  .map((type) => ({ type }))
  .concat(
    [true, false].map((isSeen) => ({ type: "due", isSeen })),
    [2, null].map((fps) => ({ type: "thinned", fps })),
    ["server", "closed", "offline"].map((code) => ({ type: "troubled", reason: reasonOf(code) })),
    ["server", "closed", "stalled", "connection"].map((code) => lost(code)),
    [{ type: "forbidden", reason: reasonOf("csp", "connect-src http://pi") }],
    [lost("server", { isOffline: true }), STALLED, CAMERA, FULL, FORBIDDEN, REFUSED_FOR_NOW],
  );

function after(...events) {
  return events.reduce((viewing, event) => step(viewing, event, NOW)[0], closed());
}

function key({ phase, state, reason, thinnedTo }) {
  return [phase, state, reason.code, thinnedTo].join(" ");
}

/** All that can be reached, whatever happens in whatever order. */
function reachable() {
  const found = new Map([[key(closed()), closed()]]);
  for (const viewing of found.values()) {
    for (const event of CASES) {
      const [next] = step(viewing, event, NOW);
      if (!found.has(key(next))) found.set(key(next), next);
    }
  }
  return [...found.values()];
}

const ALL = reachable();
const START = { type: "start" };

test("every event is among the cases, every phase is reached, every state is shown", () => {
  assert.deepEqual(new Set(CASES.map(({ type }) => type)), new Set(EVENTS));
  assert.deepEqual(new Set(ALL.map(({ phase }) => phase)), new Set(Object.values(Phase)));
  assert.deepEqual(new Set(ALL.map(({ state }) => state)), new Set(Object.values(State)));
});

for (const viewing of ALL) {
  test(`${key(viewing)}: whatever happens, all fits together`, () => {
    for (const event of CASES) {
      const [next, effects] = step(viewing, event, NOW);
      const said = `${event.type}: ${key(next)}`;
      const done = effects.map((effect) => effect.do);
      assert.ok(Object.values(Phase).includes(next.phase), said);
      assert.ok(Object.values(State).includes(next.state), said);
      assert.equal(typeof next.reason.code, "string", said);
      assert.equal(typeof next.reason.words, "string", said);
      const isNewTry = done.includes("try");
      if (isNewTry) assert.equal(next.phase, Phase.TRYING, said);
      if (isActive(next) && !isActive(viewing)) assert.ok(isNewTry, `${said} without a try`);
      const isEnded = done.includes("drop") || done.includes("leave");
      if (isActive(viewing) && !isActive(next)) assert.ok(isEnded, `${said} keeps its try`);
      if (next.phase === Phase.WAITING && next !== viewing && viewing.phase !== Phase.WAITING) {
        const [wait] = effects.filter((effect) => effect.do === "wait");
        assert.equal(next.retryAt, NOW + wait.ms, said);
      }
      assert.equal(next.retryAt !== null, next.phase === Phase.WAITING, said);
      assert.equal(next.state === State.LIVE, next.phase === Phase.LIVE, said);
      if (!isActive(next)) assert.equal(next.thinnedTo, null, said);
    }
  });

  test(`${key(viewing)}: there is a way out, by itself or for a person`, () => {
    const [asked, effects] = step(viewing, { type: "retry" }, NOW);
    assert.ok(effects.some((effect) => effect.do === "try" || effect.do === "play"), key(asked));
    const [shown] = step(asked, { type: "live" }, NOW);
    assert.equal(shown.state, State.LIVE);
    assert.equal(after(START, { type: "stop" }).phase, Phase.CLOSED);
    if (viewing.phase === Phase.WAITING) {
      const [resting] = step(viewing, { type: "due", isSeen: false }, NOW);
      for (const next of [
        step(viewing, { type: "due", isSeen: true }, NOW)[0],
        step(resting, { type: "back" }, NOW)[0],
      ]) {
        assert.equal(next.phase, Phase.TRYING);
      }
    }
  });
}

test("what a try tells late, when there is none, changes nothing", () => {
  const ofTries = ["live", "steady", "stalled", "camera", "thinned", "blocked", "otherWay"];
  for (const viewing of ALL.filter((other) => !isActive(other))) {
    for (const event of CASES.filter(({ type }) => [...ofTries, "lost", "refused"].includes(type))) {
      assert.deepEqual(step(viewing, event, NOW), [viewing, []]);
    }
  }
});

test("the server has stopped: that nobody answers says less, and does not replace it", () => {
  const goodbye = after(START, { type: "live" }, lost("closed"));
  assert.deepEqual([goodbye.state, goodbye.reason.code], [State.RECONNECTING, "closed"]);
  let viewing = goodbye;
  for (const event of [
    { type: "due", isSeen: true },
    lost("server"),
    { type: "troubled", reason: reasonOf("server") },
    { type: "due", isSeen: true },
    lost("connection"),
  ]) {
    [viewing] = step(viewing, event, NOW);
    assert.equal(viewing.reason.code, "closed", event.type);
  }
  [viewing] = step(viewing, { type: "troubled", reason: reasonOf("offline") }, NOW);
  assert.equal(viewing.reason.code, "offline");
});

test("a server that is heard again is not said to be gone, whether a try runs or waits", () => {
  for (const code of ["server", "closed", "offline", "connection"]) {
    const waiting = after(START, lost(code));
    const [trying] = step(waiting, { type: "due", isSeen: true }, NOW);
    for (const viewing of [waiting, trying]) {
      const [heard] = step(viewing, { type: "reachable" }, NOW);
      assert.deepEqual([heard.phase, heard.state], [Phase.TRYING, State.RECONNECTING]);
      assert.equal(heard.reason.code, "");
    }
  }
  const [still] = step(after(START, { type: "live" }, STALLED), { type: "reachable" }, NOW);
  assert.equal(still.reason.code, "stalled");
});

test("a try after a lost connection is no other state until it has brought something", () => {
  for (const event of [lost("stalled"), FULL, { type: "undecodable" }]) {
    const waiting = after(START, event);
    const [trying] = step(waiting, { type: "due", isSeen: true }, NOW);
    assert.deepEqual([trying.state, trying.reason], [waiting.state, waiting.reason]);
    assert.equal(step(trying, { type: "live" }, NOW)[0].state, State.LIVE);
  }
});

test("the waits grow, and begin anew with what changes the situation", () => {
  const waits = [];
  let viewing = after(START);
  for (let i = 0; i < 4; i += 1) {
    const [next, effects] = step(viewing, lost("server"), NOW);
    waits.push(effects.find((effect) => effect.do === "wait").ms);
    [viewing] = step(next, { type: "due", isSeen: true }, NOW);
  }
  assert.deepEqual(waits, [375, 750, 1_500, 3_000]);
  for (const type of ["reachable", "retry", "online"]) {
    const [waiting] = step(viewing, lost("server"), NOW);
    const [trying, effects] = step(waiting, { type }, NOW);
    assert.ok(effects.some((effect) => effect.do === "try"), type);
    assert.equal(trying.attempt, 0);
  }
  const [steady] = step(after(START, { type: "live" }), { type: "steady" }, NOW);
  assert.deepEqual([steady.attempt, steady.rounds], [0, 0]);
});

test("who is full is not hurried by a network that came back", () => {
  const waiting = after(START, FULL);
  assert.equal(waiting.retryAt, NOW + 5_000);
  for (const type of ["reachable", "online", "back"]) {
    assert.equal(step(waiting, { type }, NOW)[0].phase, Phase.WAITING);
  }
});

test("held, it keeps a still picture and nothing but its holder goes on", () => {
  const [held, effects] = step(after(START, { type: "live" }), { type: "hold" }, NOW);
  assert.deepEqual(effects.map((effect) => effect.do), ["still", "drop"]);
  assert.deepEqual([held.state, held.reason.code], [State.PAUSED, "held"]);
  for (const type of ["back", "online", "reachable", "return", "away", "leave", "start"]) {
    assert.equal(step(held, { type }, NOW)[0].phase, Phase.HELD, type);
  }
  const [trying, begun] = step(held, { type: "resume" }, NOW);
  assert.deepEqual([trying.state, begun], [State.CONNECTING, [{ do: "try" }]]);
});

test("a hidden page's viewer pauses, and goes on when somebody looks", () => {
  const [paused, effects] = step(after(START, { type: "live" }), { type: "away" }, NOW);
  assert.deepEqual([paused.state, effects], [State.PAUSED, [{ do: "drop" }]]);
  assert.equal(step(paused, { type: "back" }, NOW)[0].phase, Phase.TRYING);
  for (const event of [FULL, FORBIDDEN]) {
    const viewing = after(START, event);
    if (viewing.phase === Phase.REFUSED) assert.equal(step(viewing, { type: "back" }, NOW)[0], viewing);
  }
});

test("fewer pictures are live all the same, and say so", () => {
  const early = after(START, { type: "thinned", fps: 2 }, { type: "live" });
  assert.deepEqual([early.state, early.reason.code], [State.LIVE, "slow"]);
  const [again] = step(early, { type: "thinned", fps: null }, NOW);
  assert.deepEqual([again.state, again.reason.code, again.thinnedTo], [State.LIVE, "", null]);
});

test("blocked by the browser, a person has it play; that is no new try", () => {
  const blocked = after(START, { type: "blocked" });
  assert.deepEqual(step(blocked, { type: "retry" }, NOW)[1], [{ do: "play" }]);
  assert.equal(step(blocked, { type: "live" }, NOW)[0].state, State.LIVE);
});
