import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

/** A socket of the page, opened and closed by the test as if by the server. */
class FakeSocket {
  static CONNECTING = 0;
  static OPEN = 1;
  static all = [];
  readyState = FakeSocket.CONNECTING;
  sent = [];

  constructor(url) {
    this.url = url;
    FakeSocket.all.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
  }

  opens() {
    this.readyState = FakeSocket.OPEN;
    this.onopen();
  }

  says(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  ends(code = 1006) {
    this.readyState = 3;
    this.onclose({ code });
  }

  /** What it was told, but for pings. */
  get told() {
    return this.sent.filter(({ type }) => type !== "ping");
  }
}

class FakeEvents {
  static all = [];
  isClosed = false;

  constructor(url) {
    this.url = url;
    FakeEvents.all.push(this);
  }

  close() {
    this.isClosed = true;
  }
}

class FakeDocument extends EventTarget {
  hidden = false;
  baseURI = "http://host/cam/pet-stream/";
  querySelector = () => null;
}

globalThis.document = new FakeDocument();
globalThis.addEventListener = () => {};
globalThis.location = new URL(document.baseURI);
globalThis.WebSocket = FakeSocket;
globalThis.EventSource = FakeEvents;

const { linkTrouble } = await import("../../static/js/known.js");
const { Server, serverAt } = await import("../../static/js/server.js");
const { Api } = await import("../../static/js/api.js");
const { withRefusal } = await import("../../static/js/health_answers.js");

const SUBSCRIBE = { type: "subscribe", to: "detections" };
const UNSUBSCRIBE = { type: "unsubscribe", to: "detections" };
const STATE = { type: "state", health: { status: "ok" }, recording: { recording: false } };

let server;
let release;
let seen;
/** What `fetch` answers; a rejection by default: nobody is there. */
let answers;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  FakeSocket.all = [];
  FakeEvents.all = [];
  seen = [];
  answers = async () => {
    throw new TypeError("nobody is there");
  };
  globalThis.fetch = (url) => answers(url);
  server = new Server(new Api("http://host/cam"));
  release = server.hold();
});

afterEach(() => {
  release();
  document.hidden = false;
  mock.timers.reset();
});

const see = ({ frame_number: number }) => seen.push(number);
const settled = () => new Promise(setImmediate);

/** The next socket, after the last one was lost. */
function nextSocket() {
  mock.timers.tick(10_000);
  return FakeSocket.all.at(-1);
}

/** The first socket, open, and what it says. */
function pushed(...messages) {
  const [socket] = FakeSocket.all;
  socket.opens();
  for (const message of messages) socket.says(message);
  return socket;
}

test("it subscribes when the socket is open, again after it was lost, and not once unsubscribed", () => {
  const [first] = FakeSocket.all;
  assert.equal(first.url, "ws://host/cam/api/stream/ws");
  const unsubscribe = server.socket.subscribe(see);
  assert.deepEqual(first.told, []);
  first.opens();
  assert.deepEqual(first.told, [SUBSCRIBE]);
  first.says(STATE);
  first.says({ type: "detections", frame_number: 7, detections: [] });
  assert.deepEqual(seen, [7]);
  first.ends();
  const second = nextSocket();
  second.opens();
  unsubscribe();
  assert.deepEqual(second.told, [SUBSCRIBE, UNSUBSCRIBE]);
  second.ends();
  const third = nextSocket();
  third.opens();
  assert.deepEqual(third.told, []);
});

test("where no socket opens, events are listened to until one does", () => {
  server.socket.subscribe(see);
  assert.deepEqual(FakeEvents.all, []);
  FakeSocket.all[0].ends();
  const [events] = FakeEvents.all;
  assert.equal(events.url, "http://host/cam/api/stream/detections");
  events.onmessage({ data: '{"frame_number": 8}' });
  assert.deepEqual(seen, [8]);
  const socket = nextSocket();
  socket.opens();
  assert.equal(events.isClosed, false);
  socket.says(STATE);
  assert.equal(events.isClosed, true);
});

test("events end with the subscription", () => {
  FakeSocket.all[0].ends();
  assert.deepEqual(FakeEvents.all, []);
  const unsubscribe = server.socket.subscribe(see);
  assert.equal(FakeEvents.all.length, 1);
  unsubscribe();
  assert.equal(FakeEvents.all[0].isClosed, true);
});

test("two players that draw boxes have one subscription", () => {
  const socket = pushed(STATE);
  const ends = [server.socket.subscribe(see), server.socket.subscribe(see)];
  ends[0]();
  socket.says({ type: "detections", frame_number: 7, detections: [] });
  assert.deepEqual(seen, [7]);
  ends[1]();
  ends[1]();
  assert.deepEqual(socket.told, [SUBSCRIBE, UNSUBSCRIBE]);
});

test("once nobody needs it any more, nothing is open and nothing is opened or asked", async () => {
  const asked = [];
  answers = async (url) => asked.push(url);
  release();
  release();
  assert.equal(FakeSocket.all[0].readyState, 3);
  mock.timers.tick(100_000);
  await settled();
  assert.deepEqual([FakeSocket.all.length, asked], [1, []]);
});

test("whoever only draws boxes opens the socket, and asks nothing", async () => {
  release();
  const asked = [];
  answers = async (url) => asked.push(url);
  const end = server.socket.subscribe(see);
  assert.equal(FakeSocket.all.length, 2);
  mock.timers.tick(5_000);
  end();
  await settled();
  assert.deepEqual([FakeSocket.all[1].readyState, asked], [3, []]);
});

test("the first state is not asked for while it is on its way", async () => {
  const asked = [];
  answers = async (url) => {
    asked.push(url);
    return Response.json({ status: "asked" });
  };
  const health = server.health();
  await settled();
  pushed(STATE);
  assert.equal((await health).status, "ok");
  assert.deepEqual(asked, []);
  server.socket.reopen();
  const late = server.health();
  await settled();
  mock.timers.tick(1_000);
  assert.equal((await late).status, "asked");
});

test("a server without a thread left is asked again later, and health says why", async () => {
  const refusal = { type: "error", code: "too_few_threads", error: "serve with threads" };
  const [socket] = FakeSocket.all;
  answers = async () => Response.json({ status: "ok", reasons: [], reason_codes: [] });
  server.socket.subscribe(see);
  socket.opens();
  socket.says(refusal);
  socket.ends(4503);
  mock.timers.tick(20_000);
  assert.equal(FakeSocket.all.length, 1);
  assert.deepEqual(FakeEvents.all, [], "they would take a thread, too");
  const health = await server.health();
  assert.deepEqual(
    [health.status, health.reasons, health.reason_codes],
    ["degraded", ["serve with threads"], ["too_few_threads"]],
  );
  mock.timers.tick(20_000);
  const next = FakeSocket.all[1];
  next.opens();
  next.says(STATE);
  next.ends();
  assert.equal((await server.health()).status, "ok");
});

const BEAT = { type: "beat" };
const trouble = () => linkTrouble(server.known.now);

test("a server that speaks each second and is silent for two is lost, and back with its next word", async () => {
  const socket = pushed(STATE, BEAT);
  mock.timers.tick(1_900);
  socket.says(BEAT);
  mock.timers.tick(1_999);
  assert.equal(trouble(), "");
  mock.timers.tick(1);
  assert.deepEqual([trouble(), server.known.now.isCurrent], ["connection", false]);
  socket.says(BEAT);
  assert.deepEqual([trouble(), server.known.now.isCurrent], ["", true]);
  assert.equal(FakeSocket.all.length, 1, "the socket was only slow");
  await settled();
});

test("an older server has no beat: its silence means nothing", () => {
  pushed(STATE);
  mock.timers.tick(60_000);
  assert.equal(trouble(), "");
});

test("in a silence the server is asked; if it answers, another socket takes the place of this one", async () => {
  pushed(STATE, BEAT);
  answers = async () => Response.json({ status: "ok", camera: { state: "stalled" } });
  mock.timers.tick(2_000);
  await settled();
  assert.equal(trouble(), "");
  assert.equal(server.known.now.health.camera.state, "stalled");
  assert.equal(FakeSocket.all.length, 2);
});

test("a lost server is asked about once a second, and its socket is back at once", async () => {
  const asked = [];
  answers = async (url) => {
    asked.push(url);
    throw new TypeError("nobody is there");
  };
  pushed(STATE).ends();
  await settled();
  assert.equal(trouble(), "server");
  asked.length = 0;
  for (let ms = 0; ms < 10_000; ms += 50) {
    mock.timers.tick(50);
    await settled();
  }
  const healths = asked.filter((url) => url.endsWith("/health")).length;
  assert.ok(healths >= 7 && healths <= 14, String(healths));
  const { length } = FakeSocket.all;
  answers = async () => Response.json({ status: "ok" });
  mock.timers.tick(1_300);
  await settled();
  assert.equal(trouble(), "");
  assert.equal(FakeSocket.all.length, length + 1);
});

test("nobody who waits, nobody who looks: a lost server is not asked", async () => {
  pushed(STATE).ends();
  await settled();
  document.hidden = true;
  const asked = [];
  answers = async (url) => asked.push(url);
  mock.timers.tick(30_000);
  await settled();
  document.hidden = false;
  release();
  mock.timers.tick(30_000);
  await settled();
  assert.ok(asked.length <= 2, "what had been asked for already");
});

test("that the server has stopped is known by its goodbye, and stays known", async () => {
  pushed(STATE).ends(1001);
  assert.equal(trouble(), "closed");
  await settled();
  mock.timers.tick(5_000);
  await settled();
  assert.equal(trouble(), "closed");
});

test("a player whose connection the server has ended is believed, once the server does not answer", async () => {
  answers = async () => Response.json({ status: "ok" });
  const socket = pushed(STATE);
  const player = server.known.addPlayer();
  player.tell({ state: "reconnecting", reason: "closed" });
  await settled();
  assert.equal(trouble(), "", "it may have ended this viewer only");
  answers = async () => {
    throw new TypeError("nobody is there");
  };
  socket.ends();
  await settled();
  assert.equal(trouble(), "closed");
});

test("a request that fails while the server speaks says nothing about it", async () => {
  pushed(STATE, BEAT);
  await server.api.recordingStatus().catch(() => {});
  assert.equal(trouble(), "");
});

test("all elements of a page have the same server", () => {
  assert.equal(serverAt("http://host/cam"), serverAt("http://host/cam/"));
  assert.notEqual(serverAt("http://host/cam"), serverAt("http://host/cam", "a link"));
});

test("what health says already is not said twice", () => {
  const refusal = { code: "too_few_threads", error: "b" };
  const health = { status: "degraded", reasons: ["a"], reason_codes: ["too_few_threads"] };
  assert.equal(withRefusal(health, refusal), health);
  assert.equal(withRefusal(health, null), health);
  assert.equal(withRefusal(health, { code: "full", error: "c" }), health);
  const offline = { status: "camera_offline", reasons: ["a"], reason_codes: ["stalled"] };
  assert.equal(withRefusal(offline, refusal).status, "camera_offline");
  assert.deepEqual(withRefusal(offline, refusal).reasons, ["a", "b"]);
});
