import assert from "node:assert/strict";
import { test } from "node:test";

import { iceServersOf, pauseAfterMs, reflect } from "../../static/js/attributes.js";

test("a hidden page watches on for the seconds that are asked for, or a minute, or for ever", () => {
  const cases = { never: Infinity, 5: 5_000, 0.5: 500, 0: 0, "-1": 60_000, soon: 60_000, "": 60_000 };
  for (const [attribute, ms] of Object.entries(cases)) assert.equal(pauseAfterMs(attribute), ms);
  assert.equal(pauseAfterMs(null), 60_000);
});

test("ICE servers are a list in JSON; anything else has the server asked", () => {
  assert.deepEqual(iceServersOf('[{"urls": ["stun:pi"]}]'), [{ urls: ["stun:pi"] }]);
  assert.deepEqual(iceServersOf("[]"), []);
  for (const none of [null, "", "{}", "no JSON", '"stun:pi"']) assert.equal(iceServersOf(none), null);
});

test("attributes are properties", () => {
  class Element {
    kept = new Map();
    getAttribute = (name) => this.kept.get(name) ?? null;
    setAttribute = (name, value) => this.kept.set(name, value);
  }
  reflect(Element, ["src", "pause-after"]);
  const element = new Element();
  assert.equal(element.src, "");
  element.pauseAfter = "5";
  assert.equal(element.kept.get("pause-after"), "5");
});
