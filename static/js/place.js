/**
 * The place that a player takes before its style is there, so that nothing below it moves. By
 * constructed style sheets, which a policy without inline styles allows.
 */

/** As in `player.css`. */
const FRAME = `
  width: min(100%, var(--pet-stream-max-height, 9999px) * var(--ratio, var(--pet-stream-ratio, 16 / 9)));
  aspect-ratio: var(--ratio, var(--pet-stream-ratio, 16 / 9));
  margin: auto;`;

/** In a player: until its style is there, its frame has its place and shows nothing. */
export const PLACE = sheetOf(`
  :host { display: block; }
  :host([hidden]) { display: none; }
  .frame { ${FRAME} }
  .frame:not([data-styled]) { visibility: hidden; overflow: hidden; }`);

/** Null where a browser has none. */
function sheetOf(css) {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    return sheet;
  } catch {
    return null;
  }
}
