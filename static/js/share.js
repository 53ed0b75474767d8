/** Gives a part of a recording to somebody else: as a file, or as a link. */

import { hashTo } from "./address.js";
import { ApiError } from "./requests.js";
import { text } from "./i18n.js";

/** It is fetched whole before it is shared. */
export const MAX_SHARED_BYTES = 64_000_000;
/** The server's limit for a recording (docs/rights.md). */
const LINK_HOURS = 12;
const TYPE = "video/mp4";

/** Whether this device shares files. */
export function canShareFiles() {
  const file = new File([""], "a.mp4", { type: TYPE });
  return Boolean(navigator.canShare?.({ files: [file] }));
}

/**
 * Shares the file at a URL, or one that was fetched before. A browser shares only soon after a
 * click: if fetching took longer, `isShared` is false, and `file` is ready for the next click.
 *
 * @param {string | File} source
 * @param {string} name
 */
export async function shareFile(source, name) {
  const file = source instanceof File ? source : await fetchFile(source, name);
  try {
    await navigator.share({ files: [file], title: name });
  } catch (error) {
    if (error.name === "NotAllowedError") return { file, isShared: false };
    if (error.name !== "AbortError") throw error; // that is somebody's choice
  }
  return { file, isShared: true };
}

/**
 * Shares a link, or copies it. Returns it where it is to be shown; null when it was shared.
 * `hours`: how long it is good for; 0: it leads to this page, for who may see it anyway.
 *
 * @param {import("./api.js").Api} api
 * @param {string} name
 * @param {import("./bar.js").Stretch} part
 */
export async function shareLink(api, name, { from, to }) {
  const made = await api.makeLink(`/api/recordings/${name}`, LINK_HOURS).catch(() => null);
  const url = made
    ? `${made.url}&from=${from}&to=${to}`
    : new URL(hashTo("", { name, at_s: from }), location.href).href;
  const hours = made ? made.expires_in_s / 3600 : 0;
  if (navigator.share) {
    try {
      await navigator.share({ url, title: name });
      return null;
    } catch (error) {
      if (error.name === "AbortError") return null;
    }
  }
  const isCopied = await copied(url);
  return { url, hours, isCopied };
}

async function copied(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return false; // over plain HTTP there is none
  }
}

async function fetchFile(url, name) {
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) throw new ApiError(text("health.unreachable"));
  const size = Number(response.headers.get("Content-Length"));
  if (size > MAX_SHARED_BYTES) throw new ApiError(text("cut.tooLarge"));
  return new File([await response.blob()], name, { type: TYPE });
}
