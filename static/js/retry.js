/** When to try again, and what a failed offer means for the viewer. Pure. */

export const FIRST_DELAY_MS = 500;
export const MAX_DELAY_MS = 10_000;
export const FULL_DELAY_MS = 5_000;
/** A page may go, and leave the server a thread; each try costs it one for a moment. */
export const NO_SOCKET_DELAY_MS = 30_000;
/** A browser that can't decode the camera's pictures can when these become others. */
const UNDECODABLE_DELAYS_MS = [2_000, 5_000, 15_000, 30_000, 60_000];

/**
 * The wait before try number `attempt` (from 0), in ms: doubled each time up to a limit, half of
 * it random, so that ten viewers do not knock on a restarted server in the same instant.
 */
export function retryDelayMs(attempt, random = Math.random) {
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}

/** The wait after every way has failed to show a picture, for the n-th time (from 0). */
export function undecodableDelayMs(attempt) {
  return UNDECODABLE_DELAYS_MS[attempt] ?? UNDECODABLE_DELAYS_MS.at(-1);
}

/**
 * What follows from a failed request: the state to show and the wait in ms that the server asked
 * for (`undefined`: the usual back-off, `null`: waiting changes nothing, do not try again).
 */
export function afterFailure(error) {
  const { status = 0, code = "", retryAfterS } = error;
  if (code === "full") {
    const delayMs = retryAfterS > 0 ? retryAfterS * 1000 : FULL_DELAY_MS;
    return { state: "full", reason: "full", delayMs };
  }
  if (code === "too_few_threads" || code === "no_websockets") {
    return { state: "full", reason: code, delayMs: NO_SOCKET_DELAY_MS };
  }
  if (code === "superseded") return { state: "paused", reason: code, delayMs: null };
  if (status === 401 || status === 403) {
    const reason = status === 401 ? "unauthorized" : code || "not-allowed";
    return { state: "not-allowed", reason, delayMs: null };
  }
  if (status === 422 || code === "no_h264") {
    return { state: "unsupported", reason: "no_h264", delayMs: null };
  }
  return { state: "reconnecting", reason: status ? "refused" : "server", delayMs: undefined };
}
