/**
 * For the head of a page, as a plain script: players have their places before the first paint, and
 * nothing on the page moves when `player.js`, which this fetches, is there.
 */
{
  const css = `pet-stream:not(:defined) {
    display: block;
    width: min(100%, var(--pet-stream-max-height, 9999px) * var(--pet-stream-ratio, 16 / 9));
    aspect-ratio: var(--pet-stream-ratio, 16 / 9);
    margin: auto;
  }`;
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  } catch {
    // an older browser: the page moves once
  }
  import("./player.js");
}
