/** The token that a host's protection against forged requests expects (Flask-WTF, Flask-SeaSurf). */

const META = 'meta[name="csrf-token"]';

/**
 * The headers for a request to `url` that changes something; the token never leaves its origin.
 *
 * @param {string} url
 * @returns {Record<string, string>}
 */
export function tokenHeaders(url) {
  const token = metaIn(document)?.content;
  return token && isOwn(url) ? { "X-CSRFToken": token } : {};
}

/** Puts the token of `html`, this page as it would be now, in place of ours. Whether it is another. */
export function takeToken(html) {
  const meta = metaIn(document);
  const token = metaIn(new DOMParser().parseFromString(html, "text/html"))?.content;
  if (!meta || !token || token === meta.content) return false;
  meta.content = token;
  return true;
}

/**
 * @param {Document} page
 * @returns {HTMLMetaElement | null}
 */
function metaIn(page) {
  return page.querySelector(META);
}

/** Whether `url` is of this page's origin. */
export function isOwn(url) {
  return new URL(url, document.baseURI).origin === location.origin;
}
