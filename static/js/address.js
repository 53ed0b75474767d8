/**
 * The recording that a page's address leads to: `#recording=NAME&t=12`. What else stands in the
 * fragment stays there. Pure.
 *
 * @typedef {{ name: string, at_s: number }} Place
 */

const NAME = "recording";
const TIME = "t";

/**
 * @param {string} hash as of `location`
 * @returns {Place | null}
 */
export function placeIn(hash) {
  const told = parametersOf(hash);
  const name = told.get(NAME);
  if (!name) return null;
  const seconds = Number(told.get(TIME) ?? 0);
  return { name, at_s: seconds > 0 && seconds < 1e9 ? seconds : 0 };
}

/**
 * The fragment that leads to `place`, or to the live picture.
 *
 * @param {string} hash the one of now
 * @param {Place | null} place
 */
export function hashTo(hash, place) {
  const told = parametersOf(hash);
  told.delete(NAME);
  told.delete(TIME);
  const parts = told.size ? [told.toString()] : [];
  if (place) parts.push(`${NAME}=${encodeURIComponent(place.name)}`);
  if (place && place.at_s >= 0.5) parts.push(`${TIME}=${Math.round(place.at_s)}`);
  return parts.length ? `#${parts.join("&")}` : "";
}

function parametersOf(hash) {
  return new URLSearchParams(hash.replace(/^#/, ""));
}
