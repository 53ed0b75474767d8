/**
 * What the page says, in one language. It may change at any time: whoever shows texts shows them
 * again then (`onLanguage`), or has them repeated by `translate` (`sayText`, `sayLabel`).
 */

import { element } from "./dom.js";
import { choose, wantedLanguage, watchLanguage } from "./language.js";

const WORDS = {
  en: () => import("./words_en.js"),
  ja: () => import("./words_ja.js"),
};

/** Of the parts of the page that few need: `words_PART_LANGUAGE.js`. */
const parts = new Set();
const changes = new EventTarget();
/** What is filled into a node's texts: its attribute → the values. */
const valuesOf = new WeakMap();

let current = "";
let wanted = "";
let words = {};
await setLanguage(wantedLanguage());
watchLanguage(followLanguage);

/** @returns {string} The language that the page is in. */
export function language() {
  return current;
}

/** @param {string} tag Its words are loaded first; if that fails, all stays as it is. */
export async function setLanguage(tag) {
  const next = (wanted = choose([tag]));
  if (next === current) return;
  const loaded = await load(next);
  if (next !== wanted) return; // another one was wanted meanwhile
  const isFirst = !current;
  [current, words] = [next, loaded];
  if (!isFirst) changes.dispatchEvent(new Event("change"));
}

/** Has the page be in the language that is wanted now. */
export function followLanguage() {
  return setLanguage(wantedLanguage()).catch(() => {}); // offline: it stays in the one before
}

/**
 * Has `callback` called after each change of the language.
 * @param {() => void} callback
 * @param {{ signal?: AbortSignal }} [options]
 */
export function onLanguage(callback, { signal } = {}) {
  changes.addEventListener("change", () => callback(), { signal });
}

/** Adds the words of a part of the page that few need. */
export async function addWords(part) {
  parts.add(part);
  const its = current;
  const loaded = await load(its);
  if (its !== current) return addWords(part);
  words = loaded;
}

/** The words of a language, of all parts that are there by then. */
async function load(tag) {
  const asked = [...parts];
  const modules = await Promise.all([
    WORDS[tag](),
    ...asked.map((part) => import(`./words_${part}_${tag}.js`)),
  ]);
  if (asked.length !== parts.size) return load(tag);
  return Object.assign({}, ...modules.map((module) => module.default));
}

export function hasText(key) {
  return key in words;
}

/** The text of `key`; `values.count`, where there is one, chooses between singular and plural. */
export function text(key, values = {}) {
  let entry = words[key] ?? key;
  if (typeof entry === "object") {
    entry = entry[new Intl.PluralRules(current).select(values.count)] ?? entry.other;
  }
  return entry.replace(/\{(\w+)\}/g, (match, name) => {
    const value = values[name] ?? match;
    return typeof value === "number" ? value.toLocaleString(current) : value;
  });
}

/** How many pictures a second a slow connection brings, in words. */
export function pace(fps) {
  if (fps < 0.75) return text("player.slow.rare", { count: Math.round(1 / fps) });
  const count = Math.round(fps);
  const key = `player.slow.${count}`;
  return text(hasText(key) ? key : "player.slow", { count });
}

/**
 * What the server gives as a reason, `english`, in the page's language: by its code where
 * there is a translation, else as it is. `recording.CODE` is why the last recording ended.
 */
export function reasonText(code = "", english = "") {
  const [, ended] = /^recording\.(.+)/.exec(code) ?? [];
  const key = `reason.${ended ?? code}`;
  if (!hasText(key)) return english;
  const reason = text(key, { words: english });
  return ended ? text("reason.last_recording", { words: reason }) : reason;
}

/** What may be marked as a text, and the attribute that it becomes; null: the content. */
const MARKS = { text: null, label: "aria-label", title: "title", placeholder: "placeholder" };

/**
 * Says the text of `key` in `node`; `translate` says it again. `values` may be a function that
 * returns them, where they are words themselves.
 */
export function sayText(node, key, values = {}) {
  mark(node, "text", key, values);
}

/** The same as the accessible name. */
export function sayLabel(node, key, values = {}) {
  mark(node, "label", key, values);
}

/** `<tag …attributes>` that says the text of `key`, as `sayText` does. */
export function said(tag, key, attributes = {}, values = {}) {
  const node = element(tag, attributes);
  sayText(node, key, values);
  return node;
}

/** Says again what is marked in `root`: by `sayText`, `sayLabel`, `data-text`, `data-label`, …. */
export function translate(root) {
  for (const name of Object.keys(MARKS)) {
    for (const node of root.querySelectorAll(`[data-${name}]`)) say(node, name);
  }
}

function mark(node, name, key, values) {
  node.dataset[name] = key;
  valuesOf.set(node, { ...valuesOf.get(node), [name]: values });
  say(node, name);
}

/** Nothing is touched that says it already: a live region speaks, and a selection survives. */
function say(node, name) {
  const values = valuesOf.get(node)?.[name] ?? {};
  const said = text(node.dataset[name], typeof values === "function" ? values() : values);
  const attribute = MARKS[name];
  if (attribute === null) {
    if (node.textContent !== said) node.textContent = said;
  } else if (node.getAttribute(attribute) !== said) {
    node.setAttribute(attribute, said);
  }
}
