/** The token that a host's protection against forged requests expects (Flask-WTF, Flask-SeaSurf). */

const META = 'meta[name="csrf-token"]';

/** The headers for a request to `url` that changes something; the token never leaves its origin. */
export function tokenHeaders(url) {
  const token = document.querySelector(META)?.content;
  return token && isOwn(url) ? { "X-CSRFToken": token } : {};
}

/** Puts the token of `html`, this page as it would be now, in place of ours. Whether it is another. */
export function takeToken(html) {
  const meta = document.querySelector(META);
  const token = new DOMParser().parseFromString(html, "text/html").querySelector(META)?.content;
  if (!meta || !token || token === meta.content) return false;
  meta.content = token;
  return true;
}

/** Whether `url` is of this page's origin. */
export function isOwn(url) {
  return new URL(url, document.baseURI).origin === location.origin;
}
