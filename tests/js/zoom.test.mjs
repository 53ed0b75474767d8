import assert from "node:assert/strict";
import { test } from "node:test";

import {
  MAX_SCALE,
  WHOLE,
  contain,
  fitted,
  isZoomed,
  placement,
  shifted,
  zoomed,
} from "../../static/js/zoom.js";

test("what is under the pointer stays there", () => {
  const at = { x: 0.25, y: 0.75 };
  const view = zoomed(WHOLE, 2, at);
  assert.deepEqual(view, { scale: 2, x: -0.25, y: -0.75 });
  assert.equal(0.25 * view.scale + view.x, at.x);
});

test("the picture always fills the frame", () => {
  const corner = zoomed(WHOLE, 4, { x: 0, y: 0 });
  assert.deepEqual(shifted(corner, 1, 1), corner);
  assert.deepEqual(shifted(corner, -9, -9), { scale: 4, x: -3, y: -3 });
  assert.deepEqual(zoomed(shifted(corner, -9, -9), 0.01, { x: 0, y: 0 }), WHOLE);
});

test("there is a largest scale, and the whole picture is the smallest", () => {
  assert.equal(zoomed(WHOLE, 1000).scale, MAX_SCALE);
  assert.equal(zoomed(WHOLE, 0.5), WHOLE);
  assert.equal(isZoomed(WHOLE), false);
  assert.equal(isZoomed(zoomed(WHOLE, 1.1)), true);
});

const SHAPES = [
  ["equal", [640, 360], [0, 0, 640, 360]],
  ["wide", [800, 360], [80, 0, 640, 360]],
  ["upright", [360, 800], [0, 298.75, 360, 202.5]],
];

for (const [name, [width, height], [x, y, w, h]] of SHAPES) {
  test(`a picture lies whole in the middle of a frame that is ${name}`, () => {
    const place = contain({ width, height }, { width: 1280, height: 720 });
    assert.deepEqual(place, { x, y, width: w, height: h });
  });
}

test("a point of the picture is found on screen through letterbox and zoom", () => {
  const frame = { width: 800, height: 360 };
  const picture = { width: 1280, height: 720 };
  const view = zoomed(WHOLE, 2, { x: 0.5, y: 0.5 });
  const { scale, x, y } = placement(frame, picture, view);
  assert.deepEqual([x + 640 * scale, y + 360 * scale], [400, 180], "the middle stays");
  assert.equal(scale, 1);
});

test("a picture fits its frame as the page wants it, and its boxes with it", () => {
  const frame = { width: 400, height: 400 };
  const picture = { width: 1280, height: 720 };
  assert.deepEqual(fitted(frame, picture, "fill"), { x: 0, y: 0, width: 400, height: 400 });
  assert.deepEqual(fitted(frame, picture, "contain"), contain(frame, picture));
  const covering = fitted(frame, picture, "cover");
  assert.deepEqual([covering.height, covering.y], [400, 0]);
  assert.ok(covering.width > 700 && covering.x < -150);
  for (const fit of ["contain", "cover", "fill"]) {
    const { scale, scaleY, x, y } = placement(frame, picture, WHOLE, fit);
    const middle = [x + 640 * scale, y + 360 * scaleY].map(Math.round);
    assert.deepEqual(middle, [200, 200], fit);
  }
});
