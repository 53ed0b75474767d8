/** The few things that every part of the page does with the document. */

import { ICONS } from "./icons.js";

const SPRITE = new URL("../icons/sprite.svg", import.meta.url).href;
const SVG = "http://www.w3.org/2000/svg";
const FRAME = { class: "icon", "aria-hidden": "true", viewBox: "0 0 24 24" };
const STROKE = {
  fill: "var(--star-fill, none)",
  stroke: "currentColor",
  "stroke-width": "1.7",
  "stroke-linecap": "round",
  "stroke-linejoin": "round",
};

/**
 * The first element below `root` that `selector` finds; throws if there is none.
 *
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} [type] the class that it has, where that is more than `HTMLElement`
 * @returns {T}
 */
export function find(root, selector, type) {
  const node = root.querySelector(selector);
  if (!node || (type && !(node instanceof type))) throw new Error(`the page has no ${selector}`);
  return /** @type {T} */ (node);
}

/**
 * `<tag …attributes>children</tag>`; children are nodes or text, null attributes are left out.
 *
 * @template {string} K
 * @param {K} tag
 * @param {Record<string, string | null | undefined>} [attributes]
 * @param {...(Node | string)} children
 * @returns {K extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[K] : HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return /** @type {any} */ (node);
}

/** A symbol: decoration, hidden from a screen reader. Those of a page of ours may be of its sprite. */
export function icon(name) {
  const path = ICONS[name];
  if (!path) return svg("svg", FRAME, svg("use", { href: `${SPRITE}#${name}` }));
  return svg("svg", { ...FRAME, ...STROKE }, svg("path", { d: path }));
}

function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Makes `nodes` the children of `parent`; those that are in their places are not touched. */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}

/** Sets the text only if it is another: a live region speaks, and a selection survives. */
export function setText(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

/** @type {Map<string, Promise<void>>} */
const styles = new Map();

/**
 * Loads `css/NAME.css`, once, for a part of the page that few need.
 *
 * @param {string} name
 */
export function styled(name) {
  let loaded = styles.get(name);
  if (!loaded) {
    const href = new URL(`../css/${name}.css`, import.meta.url).href;
    const link = element("link", { rel: "stylesheet", href });
    loaded = new Promise((resolve) => {
      link.onload = link.onerror = () => resolve();
    });
    styles.set(name, loaded);
    document.head.append(link);
  }
  return loaded;
}
