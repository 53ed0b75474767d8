import assert from "node:assert/strict";
import { test } from "node:test";

import { LONGEST_MS, Ways, lastingMemory, transportOf, waysOf } from "../../static/js/ways.js";

const MINUTE = 60_000;

function ways(names = waysOf("auto", "auto"), memory = undefined) {
  const clock = { ms: 1_800_000_000_000 };
  return { ways: new Ways(names, { memory, now: () => clock.ms }), clock };
}

test("what the attributes allow, the first choice first", () => {
  assert.deepEqual(waysOf("auto", "auto"), ["webrtc", "webcodecs", "mse"]);
  assert.deepEqual(waysOf("auto", "mse"), ["webrtc", "mse"]);
  assert.deepEqual(waysOf("webrtc", "mse"), ["webrtc"]);
  assert.deepEqual(waysOf("websocket", "auto"), ["webcodecs", "mse"]);
  assert.deepEqual(waysOf("websocket", "webcodecs"), ["webcodecs"]);
  assert.deepEqual(waysOf("no such", "thing"), ["webrtc", "webcodecs", "mse"]);
  assert.deepEqual(waysOf("websocket", "mse").map(transportOf), ["websocket"]);
});

test("one that failed is not the first for five minutes", () => {
  const { ways: them, clock } = ways();
  assert.equal(them.next, "webrtc");
  them.hasFailed("webrtc");
  assert.equal(them.next, "webcodecs");
  assert.deepEqual(them.decodersFrom("webcodecs"), ["webcodecs", "mse"]);
  assert.equal(them.isTrialDue("webcodecs"), false);
  clock.ms += 5 * MINUTE;
  assert.equal(them.isTrialDue("webcodecs"), true);
  assert.equal(them.next, "webrtc");
});

test("each further failure doubles the time, up to an hour; an hour without one forgets them", () => {
  const { ways: them, clock } = ways();
  const leftOut = () => {
    const since = clock.ms;
    while (them.next !== "webrtc") clock.ms += MINUTE;
    return (clock.ms - since) / MINUTE;
  };
  const times = [0, 1, 2, 3, 4, 5].map(() => (them.hasFailed("webrtc"), leftOut()));
  assert.deepEqual(times, [5, 10, 20, 40, 60, 60]);
  clock.ms += LONGEST_MS;
  them.hasFailed("webrtc");
  assert.equal(leftOut(), 5);
});

test("a failure soon after it played again counts as a further one", () => {
  const { ways: them, clock } = ways();
  them.hasFailed("webrtc");
  them.plays("webrtc");
  assert.equal(them.next, "webrtc");
  clock.ms += MINUTE;
  them.hasFailed("webrtc");
  clock.ms += 9 * MINUTE;
  assert.equal(them.next, "webcodecs");
});

test("the WebSocket's first way that has not failed", () => {
  const { ways: them } = ways();
  assert.equal(them.socket, "webcodecs");
  them.hasFailed("webcodecs");
  assert.equal(them.socket, "mse");
  them.hasFailed("mse");
  assert.equal(them.socket, null);
});

test("when all have failed, they take turns", () => {
  const { ways: them, clock } = ways();
  const taken = [];
  for (let i = 0; i < 7; i += 1) {
    taken.push(them.next);
    them.hasFailed(them.next);
    clock.ms += 1000;
    assert.equal(them.haveAllFailed, i >= 2);
  }
  assert.equal(taken.join(" "), "webrtc webcodecs mse webrtc webcodecs mse webrtc");
  them.plays("mse");
  assert.equal(them.next, "mse");
});

test("when all have failed, one that could not be tried comes last", () => {
  const { ways: them, clock } = ways();
  them.hasFailed("webcodecs", "mse");
  clock.ms += 1000;
  them.postpone("webrtc");
  assert.equal(them.next, "webcodecs");
});

test("a transport fails with all of its decoders", () => {
  const { ways: them } = ways();
  them.hasFailed(...waysOf("websocket"));
  assert.equal(them.next, "webrtc");
  them.hasFailed("webrtc");
  assert.equal(them.haveAllFailed, true);
});

test("another network begins anew", () => {
  const { ways: them } = ways();
  them.hasFailed("webrtc");
  them.forget();
  assert.equal(them.next, "webrtc");
});

test("what a browser does not have is left out, unless nothing else was asked for", () => {
  const { ways: them, clock } = ways();
  them.exclude("webrtc");
  assert.equal(them.next, "webcodecs");
  clock.ms += LONGEST_MS;
  assert.equal(them.isTrialDue("webcodecs"), false);
  const { ways: only } = ways(["webrtc"]);
  only.exclude("webrtc");
  assert.equal(only.next, "webrtc");
});

test("a place that was not free is no failure", () => {
  const { ways: them, clock } = ways();
  them.postpone("webrtc");
  assert.equal(them.isTrialDue("webcodecs"), false);
  clock.ms += 5 * MINUTE;
  assert.equal(them.isTrialDue("webcodecs"), true);
  them.hasFailed("webrtc");
  clock.ms += 5 * MINUTE;
  assert.equal(them.next, "webrtc", "the first failure");
});

test("a clock that is set back makes it no longer", () => {
  const { ways: them, clock } = ways();
  them.hasFailed("webrtc");
  clock.ms -= 24 * LONGEST_MS;
  assert.equal(them.next, "webrtc");
});

test("the memory outlasts the page, where the browser keeps anything", () => {
  const kept = new Map();
  globalThis.localStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
  };
  ways(undefined, lastingMemory("here")).ways.hasFailed("webrtc");
  assert.equal(ways(undefined, lastingMemory("here")).ways.next, "webcodecs");
  assert.equal(ways(undefined, lastingMemory("elsewhere")).ways.next, "webrtc");
  kept.set("here", "{no JSON");
  assert.equal(ways(undefined, lastingMemory("here")).ways.next, "webrtc");
  globalThis.localStorage = undefined;
  const { ways: them } = ways(undefined, lastingMemory("here"));
  them.hasFailed("webrtc");
  assert.equal(them.next, "webcodecs");
});
