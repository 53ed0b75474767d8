import assert from "node:assert/strict";
import { test } from "node:test";

import { Beginning } from "../../static/js/beginning.js";

const SEI = [0, 0, 0, 2, 6, 0x80];
const unit = (kind, isIdr) => ({ isIdr, data: Uint8Array.of(...SEI, 0, 0, 0, 2, kind, 0x80) });
const IDR = unit(0x65, true);
const I_PICTURE = unit(0x41, true);
const P_PICTURE = unit(0x41, false);

const begins = (beginning) => [P_PICTURE, I_PICTURE, IDR].map((each) => beginning.at(each).isIdr);

test("after two decoders that failed, none begins but at an IDR", () => {
  const beginning = new Beginning();
  for (const failure of [1, 2]) {
    assert.deepEqual(begins(beginning), [false, true, true], `try ${failure}`);
    assert.equal(beginning.failed(1), true);
  }
  assert.deepEqual(begins(beginning), [false, false, true]);
  assert.equal(beginning.at(I_PICTURE).data, I_PICTURE.data);
});

test("one that fails where there are IDRs only is not tried again", () => {
  const beginning = new Beginning();
  for (const each of [IDR, P_PICTURE, IDR]) beginning.at(each);
  assert.equal(beginning.failed(3), false);
});

test("one that has worked begins anew, but not for ever", () => {
  const beginning = new Beginning();
  const again = [1, 2, 3, 4, 5, 6].map(() => beginning.failed(1000));
  assert.deepEqual(again, [true, true, true, true, false, false]);
});

test("lengths that lead nowhere end the search", () => {
  for (const data of [[], [0, 0, 0], [255, 255, 255, 255, 0x41], [0, 0, 0, 0, 0, 0, 0, 0, 0x41]]) {
    assert.equal(new Beginning().at({ isIdr: true, data: Uint8Array.from(data) }).isIdr, true);
  }
});
