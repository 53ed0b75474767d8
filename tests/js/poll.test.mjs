import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document ??= {};
document.hidden = true; // no timer: only what is asked for

const { Poll } = await import("../../static/js/poll.js");

test("whoever asks during a question gets the answer to a later one", async () => {
  const answers = [];
  let asked = 0;
  const poll = new Poll(() => {
    asked += 1;
    return new Promise((resolve) => answers.push(resolve));
  }, 1000);
  let isSecondSettled = false;
  const first = poll.now();
  const second = poll.now().then(() => (isSecondSettled = true));
  assert.equal(asked, 1); // never two at a time
  answers[0]();
  await new Promise(setImmediate);
  assert.equal(asked, 2);
  assert.equal(isSecondSettled, false);
  answers[1]();
  await Promise.all([first, second]);
  const third = poll.now();
  assert.equal(asked, 3);
  answers[2]();
  await third;
});
