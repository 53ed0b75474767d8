import assert from "node:assert/strict";
import { test } from "node:test";

import { forbiddenPart } from "../../static/js/policy.js";

const OURS = { server: "http://pi:8080/cat", style: "http://pi:8080/static/css/player.css" };
const CASES = [
  ["connect-src", "http://pi:8080/cat/api/webrtc/offer", "connect-src http://pi:8080/cat/api/webrtc/offer"],
  ["connect-src", "ws://pi:8080/cat/api/stream/h264", "connect-src ws://pi:8080/cat/api/stream/h264"],
  ["connect-src", "http://elsewhere/api", ""],
  ["media-src", "blob", "media-src blob:"],
  ["media-src", "http://pi:8080/clip.mp4", ""],
  ["style-src-elem", OURS.style, `style-src ${OURS.style}`],
  ["style-src-elem", "inline", ""],
  ["img-src", "http://pi:8080/cat/x.png", ""],
  ["script-src", "eval", ""],
];

for (const [effectiveDirective, blockedURI, expected] of CASES) {
  test(`${effectiveDirective} ${blockedURI}: ${expected || "somebody else's"}`, () => {
    assert.equal(forbiddenPart({ effectiveDirective, blockedURI }, OURS), expected);
  });
}

test("what is only reported is not forbidden", () => {
  const violation = { effectiveDirective: "media-src", blockedURI: "blob", disposition: "report" };
  assert.equal(forbiddenPart(violation, OURS), "");
});
