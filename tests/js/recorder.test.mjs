import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

const kept = new Map();
globalThis.sessionStorage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
};

const { setLanguage } = await import("../../static/js/i18n.js");
const { Known } = await import("../../static/js/known.js");
const { RecordingControl } = await import("../../static/js/recording_control.js");
const { endOf, interruptedWords, noteOf, phaseOf } = await import(
  "../../static/js/recorder_words.js"
);

await setLanguage("en");

const IDLE = { recording: false, recording_id: null, filename: null, interrupted: null };
const RUNNING = {
  recording: true,
  recording_id: "a",
  filename: "cat.mp4",
  waiting: false,
  receiving: true,
  duration_ms: 12_000,
  preroll_ms: 5_000,
  bytes_written: 3_000_000,
  interrupted: null,
};
const SILENT = { ...RUNNING, receiving: false };
const SAVED = { ...RUNNING, recording: false, receiving: false };
const INTERRUPTED = {
  filename: "cat.mp4",
  cause: "crash",
  started_at: 1_800_000_000,
  broke_off_at: 1_800_000_012,
  saved_as: "cat_recovered.mp4",
  recovered: true,
  resumed_as: null,
  not_resumed: null,
  not_resumed_code: null,
};

const PHASES = [
  [{ recording: false, frame_count: 90 }, "idle"],
  [{ recording: true, frame_count: 0 }, "waiting"],
  [{ recording: true, frame_count: 0, waiting: false }, "recording"],
  [{ recording: true, frame_count: 5, waiting: true }, "waiting"],
  [{ recording: true, frame_count: 5 }, "recording"],
  [RUNNING, "recording"],
  [SILENT, "silent"],
  [{ ...SILENT, waiting: true }, "waiting"],
];

for (const [status, phase] of PHASES) {
  test(`${JSON.stringify(status)} is ${phase}`, () => assert.equal(phaseOf(status), phase));
}

test("pre-roll is explained where it shows", () => {
  assert.match(noteOf("recording", RUNNING), /^Begins 5\ss before the button was pressed$/);
  assert.equal(noteOf("recording", { ...RUNNING, preroll_ms: 0 }), "cat.mp4");
  const early = { preroll_reason: "no entry point", preroll_code: "?" };
  assert.equal(noteOf("recording", { ...RUNNING, ...early }), "no entry point");
});

test("a finished recording tells what is missing in it, and keeps saying so", () => {
  const whole = { filename: "cat.mp4", duration_ms: 25_000, bytes_written: 3_000_000 };
  assert.deepEqual(endOf(whole), { words: "Recording saved: 0:25, 3.0\u00a0MB.", isBad: false });
  const { words, isBad } = endOf({ ...whole, missing_ms: 12_300, gap_count: 1 });
  assert.match(words, /^Recording saved: .+\. 12\ss are missing: no pictures came\.$/);
  assert.equal(isBad, true);
  const twice = endOf({ ...whole, missing_ms: 12_300, gap_count: 2 });
  assert.match(twice.words, /are missing, in 2 places/);
});

test("a recording in whose middle the server ended: what happened, what is kept, what goes on", () => {
  assert.match(
    interruptedWords(INTERRUPTED),
    /^The server broke off at .+ while it recorded cat\.mp4\. What .+ is cat_recovered\.mp4\.$/,
  );
  const resumed = { ...INTERRUPTED, cause: "shut_down", resumed_as: "cat_2.mp4" };
  assert.match(interruptedWords(resumed), /^The server was shut down .+ It goes on as cat_2\.mp4\.$/);
  const lost = { ...INTERRUPTED, saved_as: null, not_resumed: "it was too late" };
  assert.match(interruptedWords(lost), /Nothing of it .+ It did not go on: it was too late\.$/);
  const off = { ...INTERRUPTED, not_resumed: "it is off", not_resumed_code: "resume_off" };
  assert.doesNotMatch(interruptedWords(off), /did not go on/);
});

/** The server's recorder, as its requests see it; what it says comes as the test wants. */
class FakeServer {
  known = new Known();
  asked = [];
  answers = {};

  api = {
    startRecording: () => this.#answer("start"),
    stopRecording: (id) => this.#answer("stop", id),
    keepRecording: async () => void this.asked.push(["keep"]),
  };

  says(recording, health = { status: "ok" }) {
    this.known.take({ type: "state", health, recording });
  }

  async #answer(name, ...values) {
    this.asked.push([name, ...values]);
    const answer = this.answers[name];
    if (answer instanceof Error) throw answer;
    return answer;
  }
}

let server;
let control;
let announced;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  kept.clear();
  server = new FakeServer();
  announced = [];
  open();
});

afterEach(() => {
  control.stop();
  mock.timers.reset();
});

/** A page, or the same one, loaded again. */
function open() {
  control?.stop();
  control = new RecordingControl(server);
  control.addEventListener("announce", ({ detail }) => announced.push(detail));
  control.start();
}

const settled = () => new Promise(setImmediate);

async function start(id = "a") {
  server.says(IDLE);
  server.answers.start = { recording_id: id };
  const started = control.toggle();
  await settled();
  assert.equal(control.phase, "starting");
  server.says({ ...RUNNING, recording_id: id });
  await started;
}

test("a page ends its own recording without a question, also after a reload", async () => {
  await start();
  assert.deepEqual([control.phase, announced], ["recording", ["Recording started."]]);
  open();
  server.answers.stop = { filename: "cat.mp4", stats: { ...SAVED, missing_ms: 0 } };
  const stopped = control.toggle();
  assert.equal(control.phase, "stopping");
  await settled();
  server.says(SAVED);
  await stopped;
  assert.deepEqual(server.asked.at(-1), ["stop", "a"]);
  assert.match(control.message, /^Recording saved: /);
});

test("another page's recording is ended only after a question", async () => {
  server.says(RUNNING);
  await control.toggle();
  assert.deepEqual([control.isAsking, server.asked], [true, []]);
  control.keep();
  assert.equal(control.isAsking, false);
  await control.toggle();
  server.answers.stop = { stats: SAVED };
  const ended = control.end();
  await settled();
  server.says(SAVED);
  await ended;
  assert.deepEqual(server.asked, [["stop", "a"]]);
  assert.equal(control.isAsking, false);
});

test("the question goes away with the recording that it is about", async () => {
  server.says(RUNNING);
  await control.toggle();
  server.says(SAVED);
  assert.deepEqual([control.isAsking, control.phase], [false, "idle"]);
  assert.match(control.message, /^Recording saved: /);
});

test("a server that does not tell one recording from another is not asked twice", async () => {
  const { recording_id: _, ...old } = RUNNING;
  server.says(old);
  server.answers.stop = {};
  const stopped = control.toggle();
  await settled();
  server.says({ ...old, recording: false });
  await stopped;
  assert.equal(server.asked.length, 1);
});

test("no pictures come: that is said, and the time stands", () => {
  server.says(RUNNING);
  server.says(SILENT);
  assert.deepEqual(
    [control.phase, control.headline, control.elapsedMs],
    ["silent", "Recording, but no pictures come", 7_000],
  );
});

test("without a word of the server the recorder is not known, but what it did last is", () => {
  assert.equal(control.headline, "Checking the recorder");
  server.says(RUNNING);
  server.known.take({ type: "lost", trouble: "server" });
  assert.deepEqual([control.phase, control.isBusy], ["unknown", true]);
  assert.match(control.note, /^At .+ it was recording\.$/);
  server.says(RUNNING);
  assert.deepEqual([control.phase, control.message], ["recording", ""]);
});

test("a server that comes back without the recording says what became of it, until it is read", () => {
  server.says(RUNNING);
  server.known.take({ type: "lost", trouble: "server" });
  const after = { ...IDLE, interrupted: INTERRUPTED };
  server.says(after);
  assert.match(control.notice, /cat_recovered\.mp4/);
  assert.deepEqual([announced, control.message], [[control.notice], ""]);
  control.dismissNotice();
  assert.equal(control.notice, "");
  open();
  assert.equal(control.notice, "");
  server.says({ ...after, interrupted: { ...INTERRUPTED, broke_off_at: 1_800_009_999 } });
  assert.notEqual(control.notice, "");
});

test("a server that knows nothing of it: the page remembers", () => {
  server.says(RUNNING);
  server.known.take({ type: "lost", trouble: "server" });
  server.says(IDLE);
  assert.match(control.message, /cat\.mp4 has ended: .+restarted/);
  server.says({ ...IDLE, interrupted: INTERRUPTED });
  assert.deepEqual([control.message, control.notice !== ""], ["", true], "now it is known");
});

test("a recording that goes on after a restart is still this page's own", async () => {
  await start();
  server.known.take({ type: "lost", trouble: "server" });
  const interrupted = { ...INTERRUPTED, resumed_as: "cat_2.mp4" };
  server.says({ ...RUNNING, recording_id: "b", filename: "cat_2.mp4", interrupted });
  assert.match(control.notice, /It goes on as cat_2\.mp4\./);
  control.toggle();
  assert.deepEqual([control.isAsking, server.asked.at(-1)], [false, ["stop", "b"]]);
});

test("others' doing is told; a start that was a race is not an error", async () => {
  server.says(IDLE);
  server.says(RUNNING);
  assert.equal(control.message, "A recording was started elsewhere.");
  server.says({ ...SAVED, stop_reason: "the disk is full", stop_code: "?", failed: true });
  assert.equal(control.message, "The recording ended: the disk is full");
  server.answers.start = Object.assign(new Error("it runs"), { code: "already_recording" });
  await control.toggle();
  assert.equal(control.message, "");
  server.answers.start = Object.assign(new Error("no place on the disk"), { code: "storage" });
  await control.toggle();
  assert.equal(control.message, "That did not work: no place on the disk");
});

test("good news go away by themselves, bad ones stay", () => {
  server.says(RUNNING);
  server.says(SAVED);
  mock.timers.tick(20_000);
  assert.equal(control.message, "");
  server.says({ ...RUNNING, recording_id: "b" });
  server.says({ ...SAVED, recording_id: "b", missing_ms: 9_000 });
  mock.timers.tick(100_000);
  assert.match(control.message, /are missing/);
});

test("a recording that needs to be asked for is asked for, as long as it runs", () => {
  server.says({ ...RUNNING, heartbeat_s: 30 });
  mock.timers.tick(20_000);
  assert.deepEqual(server.asked, [["keep"], ["keep"]]);
  server.says({ ...SAVED, heartbeat_s: 30 });
  mock.timers.tick(60_000);
  assert.equal(server.asked.length, 2);
});
