/** The one owner of `fetch`: every request to the server, its time limit and its errors. */

import { isOwn, takeToken, tokenHeaders } from "./csrf.js";
import { reasonText, text } from "./i18n.js";

/** The server that this module came from, whatever path it is below; "" where somebody else has it. */
const HOME = /^([^?#]*)\/pet-stream\/static\/(?:v-\w+\/)?js\/[^/]*$/.exec(import.meta.url)?.[1] ?? "";

/** Longer than the server's own limits, so that its error is heard. */
const TIMEOUT_MS = 12_000;

/**
 * A request that did not succeed. `status` is 0 when no answer came, `code` the server's word for
 * the error (`full`, `already_recording`, …), `message` its text for a person, in the page's language.
 */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{status?: number, code?: string, retryAfterS?: number}} [about]
   */
  constructor(message, { status = 0, code = "", retryAfterS } = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

/**
 * Requests to the server behind `base`, origin and prefix; "" is the one that this module came
 * from. Sends `answer` or `failure` after each request, with the time at which it was sent
 * (`performance.now()`).
 */
export class Requests extends EventTarget {
  #base;
  #link;

  /**
   * @param {string} [base]
   * @param {string | null} [link] the text of a link that carries a right (docs/rights.md); else the
   *   page's own one
   */
  constructor(base = "", link = null) {
    super();
    this.#base = (base || HOME).replace(/\/+$/, "");
    this.#link = link ?? (base ? null : linkOf(globalThis.location?.search));
  }

  get base() {
    return this.#base;
  }

  get link() {
    return this.#link;
  }

  /** The URL of `path`, and `parts` below it. */
  url(path, ...parts) {
    const url = [this.#base + path, ...parts.map(encodeURIComponent)].join("/");
    return this.#link ? withQuery(url, `link=${encodeURIComponent(this.#link)}`) : url;
  }

  /**
   * The answer's JSON. `onAnswer` gets the response itself, before. Throws ApiError.
   * @param {string} url
   * @param {RequestInit & {timeoutMs?: number, onAnswer?: (response: Response) => void}} [options]
   */
  async request(url, { timeoutMs = TIMEOUT_MS, onAnswer = (_) => {}, ...options } = {}) {
    let { response, data } = await this.#exchange(url, options, timeoutMs);
    const isForbidden = response.status === 400 || response.status === 403;
    if (isForbidden && options.method && (await hasNewToken(url))) {
      ({ response, data } = await this.#exchange(url, options, timeoutMs));
    }
    // Led away, to a page for signing in: what was asked for was not done.
    if (response.redirected && !data) {
      throw new ApiError(text("not-allowed.unauthorized.title"), { status: 401 });
    }
    onAnswer(response);
    if (response.ok) return data ?? {};
    // The server takes its own page for a foreign one: it does not know its address.
    const code = data?.code === "origin" && isOwn(url) ? "proxy" : data?.code;
    const message = reasonText(data?.cause || code, data?.error || `HTTP ${response.status}`);
    throw new ApiError(message, {
      status: response.status,
      code,
      retryAfterS: Number(response.headers.get("Retry-After")) || undefined,
    });
  }

  /**
   * The response, and its JSON; null if it is none.
   * @param {string} url
   * @param {RequestInit} options
   * @param {number} timeoutMs
   */
  async #exchange(url, options, timeoutMs) {
    const askedAt = performance.now();
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeoutMs);
    options.signal?.addEventListener("abort", () => limit.abort(), { once: true });
    const headers = { ...options.headers, ...(options.method ? tokenHeaders(url) : {}) };
    let response;
    let data;
    try {
      response = await fetch(url, {
        cache: "no-store",
        ...options,
        signal: limit.signal,
        headers,
      });
      data = await response.json().catch(() => null);
    } catch (error) {
      if (options.signal?.aborted) throw error; // by whoever asked
      this.#reached(false, askedAt);
      throw new ApiError(text("health.unreachable"));
    } finally {
      clearTimeout(timer);
    }
    this.#reached(true, askedAt);
    return { response, data };
  }

  /** Posts nothing but the request itself; also works while the page goes away. */
  sendLast(url) {
    const headers = tokenHeaders(url); // which a beacon can't have
    if (Object.keys(headers).length === 0) navigator.sendBeacon?.(url);
    else fetch(url, { method: "POST", headers, keepalive: true }).catch(() => {});
  }

  #reached(isReachable, askedAt) {
    const type = isReachable ? "answer" : "failure";
    this.dispatchEvent(new CustomEvent(type, { detail: askedAt }));
  }
}

export function withQuery(url, query) {
  return `${url}${url.includes("?") ? "&" : "?"}${query}`;
}

/** The link that a page was opened by, which it passes on; null if it was not. Pure. */
export function linkOf(search = "") {
  return new URLSearchParams(search).get("link");
}

/** A token grows old while the page is open: this page, asked for anew, has a new one. */
async function hasNewToken(url) {
  if (Object.keys(tokenHeaders(url)).length === 0) return false;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const page = await fetch(location.href, { cache: "no-store", signal }).catch(() => null);
  if (!page?.ok) return false;
  return takeToken(await page.text().catch(() => ""));
}
