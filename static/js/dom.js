/** The few things that every part of the page does with the document. */

const SPRITE = new URL("../icons/sprite.svg", import.meta.url).href;
const SVG = "http://www.w3.org/2000/svg";

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

/** A symbol of the sprite: decoration, hidden from a screen reader. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
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
