import assert from "node:assert/strict";
import { test } from "node:test";

import { RecordedBoxes } from "../../static/js/recorded_boxes.js";

globalThis.HTMLMediaElement = { HAVE_CURRENT_DATA: 2 };

/** Shows the picture that it is told to show. */
class Screen {
  readyState = 0;
  currentTime = 0;
  #callback = null;

  requestVideoFrameCallback(callback) {
    this.#callback = callback;
  }

  show(timeS) {
    this.readyState = 4;
    this.currentTime = timeS;
    this.#callback?.(0, { mediaTime: timeS });
  }
}

/** A cat that moves by 10 pixels a second; each question waits until it is answered. */
class Server {
  asked = [];

  load = (name, fromS, toS, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("aborted")));
      const updates = [];
      for (let ms = 1000 * fromS; ms < 1000 * toS; ms += 100) {
        updates.push([ms, [0, 90, ms / 100, 0, 50, 50]]);
      }
      const answer = () => resolve({ complete: true, classes: ["cat"], updates });
      this.asked.push({ name, fromS, signal, answer, fail: () => reject(new Error("lost")) });
    });

  async answer() {
    this.asked.shift().answer();
    await new Promise(setImmediate);
  }
}

function setUp() {
  const [screen, server, shown] = [new Screen(), new Server(), []];
  const boxes = new RecordedBoxes(screen, server.load, (found) => shown.push(found.map(({ x }) => x)));
  return { screen, server, shown, boxes };
}

test("boxes are those of the picture on screen, as soon as they come, also while it stands", async () => {
  const { screen, server, shown, boxes } = setUp();
  boxes.start("cat.mp4");
  assert.deepEqual(server.asked, [], "no picture, no question");
  screen.show(3);
  assert.equal(server.asked[0].name, "cat.mp4");
  await server.answer();
  assert.deepEqual(shown.at(-1), [30]);
  screen.show(3.05);
  assert.deepEqual(shown.at(-1), [30.5]);
  boxes.stop();
  screen.show(4);
  assert.deepEqual(shown.at(-1), []);
});

test("a jump asks for its own window and drops the other question", async () => {
  const { screen, server, shown, boxes } = setUp();
  boxes.start("cat.mp4");
  screen.show(3);
  const [first] = server.asked;
  screen.show(1000);
  assert.ok(first.signal.aborted);
  assert.deepEqual(server.asked.map(({ fromS }) => fromS), [0, 999]);
  server.asked.shift();
  await server.answer();
  assert.deepEqual(shown.at(-1), [10_000]);
  boxes.stop();
});

test("a part has the boxes of its place in the recording", async () => {
  const { screen, server, shown, boxes } = setUp();
  screen.show(0); // it may be on screen already
  boxes.start("cat.mp4", 20);
  await server.answer();
  assert.deepEqual(shown.at(-1), [200]);
  boxes.stop();
});

test("switched off it asks for nothing and shows nothing; switched on it goes on", async () => {
  const { screen, server, shown, boxes } = setUp();
  boxes.isOn = false;
  boxes.start("cat.mp4");
  screen.show(3);
  assert.deepEqual(server.asked, []);
  boxes.isOn = true;
  boxes.isOn = false;
  assert.ok(server.asked.shift().signal.aborted);
  boxes.isOn = true;
  await server.answer();
  assert.deepEqual(shown.at(-1), [30]);
  boxes.isOn = false;
  assert.deepEqual(shown.at(-1), []);
  boxes.stop();
});

test("an error shows nothing, and the next pictures have no more questions for a while", async () => {
  const { screen, server, shown, boxes } = setUp();
  boxes.start("cat.mp4");
  screen.show(3);
  server.asked.shift().fail();
  await new Promise(setImmediate);
  screen.show(3.1);
  assert.deepEqual(shown.at(-1), []);
  assert.deepEqual(server.asked.map(({ fromS }) => fromS), [49], "the next window alone");
  boxes.stop();
});

test("what another recording's question brings is not shown", async () => {
  const { screen, server, shown, boxes } = setUp();
  boxes.start("cat.mp4");
  screen.show(3);
  boxes.start("dog.mp4");
  assert.ok(server.asked[0].signal.aborted);
  assert.deepEqual(server.asked.map(({ name }) => name), ["cat.mp4", "dog.mp4"]);
  boxes.stop();
  assert.deepEqual(shown.at(-1), []);
});
