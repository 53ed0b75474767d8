/** What `/health` answers, or would. Pure. */

/** The answer that `/health` would give, from a pushed state. */
export function healthOf(state) {
  const { type: _, recording: _recording, health, viewers, ...others } = state;
  return { ...others, ...health, webrtc_clients: viewers };
}

/** A health answer that says, too, why this page has to ask for it. */
export function withRefusal(health, refusal) {
  const { reasons = [], reason_codes: codes = [] } = health;
  if (!isThreadless(refusal) || codes.includes(refusal.code)) return health;
  const status = health.status === "ok" ? "degraded" : health.status;
  return {
    ...health,
    status,
    reasons: [...reasons, refusal.error],
    reason_codes: [...codes, refusal.code],
  };
}

/** Whether the server keeps no WebSocket open for want of threads. */
export function isThreadless(refusal) {
  return refusal?.code === "too_few_threads";
}
