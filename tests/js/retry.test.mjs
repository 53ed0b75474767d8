import assert from "node:assert/strict";
import { test } from "node:test";

import {
  FULL_DELAY_MS,
  MAX_DELAY_MS,
  NO_SOCKET_DELAY_MS,
  afterFailure,
  retryDelayMs,
  undecodableDelayMs,
} from "../../static/js/retry.js";

test("the wait doubles up to its limit", () => {
  const longest = [0, 1, 2, 3, 4, 5, 60].map((attempt) => retryDelayMs(attempt, () => 1));
  assert.deepEqual(longest, [500, 1000, 2000, 4000, 8000, MAX_DELAY_MS, MAX_DELAY_MS]);
});

test("half of the wait is random, the other half is not", () => {
  assert.equal(retryDelayMs(3, () => 0), 2000);
  assert.equal(retryDelayMs(3, () => 0.5), 3000);
});

test("what no way can decode is tried again ever later, a minute apart at last", () => {
  const delays = [0, 1, 2, 3, 4, 5, 99].map(undecodableDelayMs);
  assert.ok(delays.every((delay, i) => i === 0 || delay >= delays[i - 1]));
  assert.deepEqual([delays[0], delays.at(-1)], [2_000, 60_000]);
});

const FAILURES = [
  ["no answer", { status: 0 }, "reconnecting", undefined],
  ["an error of the server", { status: 500, code: "internal" }, "reconnecting", undefined],
  ["a busy server", { status: 503, code: "busy" }, "reconnecting", undefined],
  ["full, with a time", { status: 503, code: "full", retryAfterS: 7 }, "full", 7000],
  ["full, without one", { status: 503, code: "full" }, "full", FULL_DELAY_MS],
  ["no thread left", { status: 503, code: "too_few_threads" }, "full", NO_SOCKET_DELAY_MS],
  ["no WebSockets", { status: 0, code: "no_websockets" }, "full", NO_SOCKET_DELAY_MS],
  ["a foreign page", { status: 403, code: "origin" }, "not-allowed", null],
  ["no account", { status: 401 }, "not-allowed", null],
  ["no H.264", { status: 422, code: "no_h264" }, "unsupported", null],
];

for (const [name, error, state, delayMs] of FAILURES) {
  test(`${name} means ${state}`, () => {
    const follows = afterFailure(error);
    assert.equal(follows.state, state);
    assert.equal(follows.delayMs, delayMs);
  });
}

test("a page whose place went to a newer one waits for somebody to ask", () => {
  const { state, reason, delayMs } = afterFailure({ status: 409, code: "superseded" });
  assert.deepEqual([state, reason, delayMs], ["paused", "superseded", null]);
});
