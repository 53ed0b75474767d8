import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

const storage = new Map();
let marked = "";
const node = (dataset = {}) => ({
  dataset,
  textContent: "",
  attributes: {},
  getAttribute(name) {
    return this.attributes[name] ?? null;
  },
  setAttribute(name, value) {
    this.attributes[name] = value;
  },
});
const documentElement = { ...node(), attributes: {} };
let changed = () => {};

Object.defineProperty(globalThis, "navigator", { value: { languages: ["fr", "ja-JP", "en"] } });
globalThis.localStorage = {
  getItem: (key) => storage.get(key) ?? null,
  setItem: (key, value) => storage.set(key, value),
  removeItem: (key) => storage.delete(key),
};
globalThis.addEventListener = () => {};
globalThis.MutationObserver = class {
  constructor(callback) {
    changed = callback;
  }
  observe() {}
};
globalThis.document = {
  documentElement,
  createElement: () => ({ ...node(), append() {} }),
  querySelector: () => ({
    closest: () => (marked ? { dataset: {}, getAttribute: () => marked } : null),
  }),
};

const { followLanguage, addWords, language, onLanguage, said, sayLabel, setLanguage, text, translate } =
  await import("../../static/js/i18n.js");
const { choose, keepChosenLanguage, setServerLanguage, wantedLanguage } = await import(
  "../../static/js/language.js"
);

afterEach(() => {
  marked = "";
  storage.clear();
  setServerLanguage("auto");
  return setLanguage("en");
});

test("the browser's first language that there are words for is the page's first", () => {
  assert.equal(wantedLanguage(), "ja");
});

test("attribute, this device's choice, the server's setting and the browser count, in this order", () => {
  setServerLanguage("en");
  assert.equal(wantedLanguage(), "en");
  keepChosenLanguage("ja");
  assert.equal(wantedLanguage(), "ja");
  marked = "en-GB";
  assert.equal(wantedLanguage(), "en");
  marked = "de"; // there are no words for it
  assert.equal(wantedLanguage(), "ja");
  keepChosenLanguage("");
  assert.equal(wantedLanguage(), "en");
});

test("what is no language is passed over", () => {
  assert.equal(choose(["toString", "__proto__", "", null, undefined, "JA-jp"]), "ja");
});

test("a page without storage keeps a choice as long as it lives, and fails nowhere", () => {
  const kept = globalThis.localStorage;
  globalThis.localStorage = undefined;
  keepChosenLanguage("ja");
  assert.equal(wantedLanguage(), "ja"); // the browser's
  globalThis.localStorage = kept;
});

test("who listens is told once, after the words are there; not for the same language again", async () => {
  const told = [];
  const ending = new AbortController();
  onLanguage(() => told.push(text("account.button")), ending);
  await setLanguage("ja");
  await setLanguage("ja");
  await setLanguage("en");
  ending.abort();
  await setLanguage("ja");
  assert.deepEqual(told, ["アカウント", "Account"]);
});

test("of two changes at once the last one counts", async () => {
  const both = [setLanguage("ja"), setLanguage("en")];
  await Promise.all(both);
  assert.equal(language(), "en");
});

test("the words of a part change with the others, whenever they were added", async () => {
  const adding = [addWords("account"), setLanguage("ja"), addWords("warnings")];
  await Promise.all(adding);
  assert.equal(text("account.close"), "閉じる");
  assert.match(text("warnings.title", { count: 2 }), /警告/);
  await setLanguage("en");
  assert.equal(text("account.close"), "Close");
});

test("what is said is said again, with its values in the new language", async () => {
  const shown = said("p", "health.viewers", {}, { count: 2 });
  const since = said("p", "health.since", {}, () => ({ time: text("account.button") }));
  sayLabel(since, "record.label");
  const template = node({ title: "pause.begin", placeholder: "pause.end" });
  const nodes = [shown, since, template];
  const root = {
    querySelectorAll: (selector) => nodes.filter((each) => selector.slice(6, -1) in each.dataset),
  };
  translate(root);
  assert.equal(since.textContent, "since Account");
  await setLanguage("ja");
  translate(root);
  assert.equal(shown.textContent, "視聴者 2 人");
  assert.equal(since.textContent, "アカウント から");
  assert.equal(since.attributes["aria-label"], "録画");
  assert.deepEqual(template.attributes, { title: "一時停止", placeholder: "再開" });
});

test("a page of somebody else that changes its language takes ours along", async () => {
  marked = "ja";
  changed();
  await followLanguage();
  assert.equal(language(), "ja");
});
