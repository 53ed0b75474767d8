import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const HERE = "https://cam.example/cam/pet-stream/";
const META = 'meta[name="csrf-token"]';

/** A page whose only element is the host's token, if it has one. */
class FakePage {
  baseURI = HERE;

  constructor(token) {
    this.meta = token === undefined ? null : { content: token };
  }

  querySelector(selector) {
    assert.equal(selector, META);
    return this.meta;
  }
}

/** Of a page that is only its token. */
globalThis.DOMParser = class {
  parseFromString(html) {
    return new FakePage(html || undefined);
  }
};
globalThis.location = new URL(HERE);

const { Api, ApiError } = await import("../../static/js/api.js");
const { linkOf } = await import("../../static/js/requests.js");
const { setLanguage } = await import("../../static/js/i18n.js");

await setLanguage("en");

let asked;
let answers;

beforeEach(() => {
  asked = [];
  answers = [];
  globalThis.document = new FakePage();
  globalThis.fetch = async (url, { method = "GET", headers = {}, keepalive } = {}) => {
    asked.push({ url, method, token: headers["X-CSRFToken"], keepalive });
    return answers.shift();
  };
  Object.defineProperty(globalThis, "navigator", {
    value: { languages: ["en"], sendBeacon: (url) => asked.push({ url, isBeacon: true }) },
    configurable: true,
  });
});

const json = (value, status = 200) => Response.json(value, { status });
const REFUSED = { error: "The CSRF token has expired.", code: "bad_request" };
const START = "https://cam.example/cam/api/recording/start";

test("what changes something has the page's token, what only asks has not", async () => {
  document = new FakePage("t1");
  answers = [json({}), json({})];
  const api = new Api("https://cam.example/cam");
  await api.startRecording();
  await api.health();
  assert.deepEqual(asked.map(({ token }) => token), ["t1", undefined]);
});

for (const base of ["https://other.example", "http://cam.example", "https://cam.example:444"]) {
  test(`the token does not go to ${base}`, async () => {
    document = new FakePage("t1");
    answers = [json(REFUSED, 400)];
    const api = new Api(base);
    await assert.rejects(api.startRecording());
    api.sayGoodbye("x");
    assert.deepEqual(asked.map(({ token }) => token), [undefined, undefined]);
    assert.equal(asked[1].isBeacon, true);
  });
}

test("a token that is too old is replaced by this page's new one, and the request sent again", async () => {
  document = new FakePage("t1");
  answers = [json(REFUSED, 400), new Response("t2"), json({ status: "recording" })];
  const answer = await new Api("https://cam.example/cam").startRecording();
  assert.equal(answer.status, "recording");
  assert.deepEqual(
    asked.map(({ url, token }) => [String(url), token]),
    [[START, "t1"], [HERE, undefined], [START, "t2"]],
  );
  assert.equal(document.meta.content, "t2");
});

test("with no newer token the refusal stands, and its reason is told", async () => {
  for (const page of [new Response("t1"), new Response(""), new Response("", { status: 500 })]) {
    document = new FakePage("t1");
    answers = [json(REFUSED, 400), page];
    await assert.rejects(new Api().startRecording(), (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.status, error.code], [400, "bad_request"]);
      assert.equal(error.message, REFUSED.error);
      return true;
    });
    assert.equal(answers.length, 0);
  }
});

test("the goodbye has the token, too, and outlives the page", () => {
  document = new FakePage("t1");
  globalThis.fetch = (url, options) => Promise.resolve(asked.push({ url, ...options }));
  new Api("https://cam.example/cam").sayGoodbye("a/b");
  const [{ url, method, keepalive, headers }] = asked;
  assert.equal(url, "https://cam.example/cam/api/webrtc/a%2Fb/close");
  assert.deepEqual([method, keepalive, headers], ["POST", true, { "X-CSRFToken": "t1" }]);
});

test("without a token it is a beacon", () => {
  new Api("https://cam.example/cam").sayGoodbye("x");
  assert.deepEqual(asked, [{ url: "https://cam.example/cam/api/webrtc/x/close", isBeacon: true }]);
});

test("led away to a page for signing in, nothing was done", async () => {
  const page = new Response("<form>");
  Object.defineProperty(page, "redirected", { value: true });
  answers = [page];
  await assert.rejects(new Api().startRecording(), { status: 401, message: "Please sign in" });
});

test("our own page that is taken for a foreign one is the proxy's doing", async () => {
  const origin = () => json({ error: "Pages of x may not do this", code: "origin" }, 403);
  answers = [origin(), origin()];
  await assert.rejects(new Api().startRecording(), { code: "proxy" });
  await assert.rejects(new Api("https://other.example").startRecording(), { code: "origin" });
});

test("pictures of recordings are below the server, whatever path it believes to be at", () => {
  const api = new Api("https://cam.example/cam");
  const row = { name: "a b.mp4", thumbnail: "/api/recordings/a%20b.mp4/thumbnail?v=7" };
  assert.equal(
    api.thumbnailUrl(row),
    "https://cam.example/cam/api/recordings/a%20b.mp4/thumbnail?v=7",
  );
  assert.equal(api.thumbnailUrl({ ...row, thumbnail: null }), null);
});

test("a page that was opened by a link passes it on", () => {
  assert.equal(linkOf("?transport=websocket&link=1.view.d-x.y"), "1.view.d-x.y");
  assert.equal(linkOf("?transport=websocket"), null);
  const api = new Api("http://cam.example/camera/", "1.view.d-x.y");
  const query = "link=1.view.d-x.y";
  assert.equal(api.url("/health"), `http://cam.example/camera/health?${query}`);
  const recording = `http://cam.example/camera/api/recordings/cat.mp4?${query}`;
  assert.equal(api.recordingUrl("cat.mp4", { download: true }), `${recording}&download=1`);
  assert.equal(new Api("http://cam.example").url("/health"), "http://cam.example/health");
});
