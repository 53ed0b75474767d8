/**
 * One try by both ways at once: the first picture wins. Pure: `attempt.js` does what it says.
 *
 * WebRTC begins. The WebSocket follows only if WebRTC has not got through by then, so that where UDP
 * is open the server never hears of it. A way is *chosen* when it may show its pictures: at once if it
 * is the only one, else with its first picture; the other one is closed.
 *
 * @typedef {"direct"|"socket"} Lane
 * @typedef {"absent"|"ready"|"open"|"answered"|"reached"|"connected"|"failed"} Stage
 * @typedef {{direct: Stage, socket: Stage, chosen: Lane|null, isCameraDown: boolean}} Race
 * @typedef {{do: "open"|"close"|"choose"|"over", lane?: Lane} | {do: "wait", ms: number}
 *   | {do: "blame", lane: Lane}} RaceEffect
 */

/** The WebSocket begins this long after the offer, if that is not answered by then, … */
export const ANSWER_MS = 3_000;
/** … or after the answer, if no packet has come through, … */
export const REACH_MS = 400;
/** … or after the connection stands, if it brings no picture. */
export const PICTURE_MS = 1_000;

const RUNNING = ["open", "answered", "reached", "connected"];
const WAITS = { answered: REACH_MS, reached: PICTURE_MS, connected: PICTURE_MS };

/** @type {Race} */
export const NONE = { direct: "absent", socket: "absent", chosen: null, isCameraDown: false };

/** @returns {[Race, RaceEffect[]]} */
export function begin({ hasDirect, hasSocket }) {
  /** @type {Race} */
  const race = {
    direct: hasDirect ? "open" : "absent",
    socket: hasDirect ? (hasSocket ? "ready" : "absent") : "open",
    chosen: hasDirect && hasSocket ? null : hasDirect ? "direct" : "socket",
    isCameraDown: false,
  };
  const lane = hasDirect ? "direct" : "socket";
  /** @type {RaceEffect[]} */
  const effects = [{ do: "open", lane }];
  if (race.chosen) effects.unshift({ do: "choose", lane });
  else effects.push({ do: "wait", ms: ANSWER_MS });
  return [race, effects];
}

/**
 * Events: `late` (the wait is over), `advanced` (`lane`, `stage`), `picture` (`lane`), `failed`
 * (`lane`; `isFinal`: the server's word, which counts for both), `camera` (`isDown`).
 *
 * @param {Race} race
 * @returns {[Race, RaceEffect[]]}
 */
export function step(race, event) {
  return race.chosen && event.type !== "failed" ? [race, []] : RULES[event.type](race, event);
}

export const EVENTS = ["late", "advanced", "picture", "failed", "camera"];

const RULES = { late, advanced, picture, failed, camera };

function late(race) {
  const isBetterLeft = race.isCameraDown && race.direct === "connected";
  if (race.socket !== "ready" || isBetterLeft) return [race, []];
  return [{ ...race, socket: "open" }, [{ do: "open", lane: "socket" }]];
}

function advanced(race, { lane, stage }) {
  if (!RUNNING.includes(race[lane])) return [race, []];
  return withoutNeed({ ...race, [lane]: stage }, waitFor(race, lane, stage));
}

function waitFor(race, lane, stage) {
  const isToWait = lane === "direct" && race.socket === "ready" && stage in WAITS;
  return isToWait ? [{ do: "wait", ms: WAITS[stage] }] : [];
}

function camera(race, { isDown }) {
  if (race.isCameraDown === isDown) return [race, []];
  const effects = isDown ? [] : waitFor(race, "direct", race.direct);
  return withoutNeed({ ...race, isCameraDown: isDown }, effects);
}

/** While the camera sends nothing neither can win: one place is not taken by two connections. */
function withoutNeed(race, effects) {
  const isToLeave = race.isCameraDown && race.direct === "connected" && RUNNING.includes(race.socket);
  if (!isToLeave) return [race, effects];
  return [{ ...race, socket: "ready" }, [...effects, { do: "close", lane: "socket" }]];
}

function picture(race, { lane }) {
  if (!RUNNING.includes(race[lane])) return [race, []];
  const other = otherOf(lane);
  const effects = [];
  // Answered, and nothing came through: UDP is blocked, as far as can be told.
  if (other === "direct" && race.direct === "answered") effects.push({ do: "blame", lane: other });
  if (RUNNING.includes(race[other])) effects.push({ do: "close", lane: other });
  return [{ ...race, chosen: lane, [other]: "absent" }, [...effects, { do: "choose", lane }]];
}

function failed(race, { lane, isFinal = false }) {
  const other = otherOf(lane);
  const now = { ...race, [lane]: "failed" };
  if (race.chosen) return lane === race.chosen ? [now, [{ do: "over" }]] : [race, []];
  if (!RUNNING.includes(race[lane])) return [race, []];
  if (isFinal && race[other] !== "connected") {
    return [{ ...now, [other]: "failed" }, [...closing(race, other), { do: "over" }]];
  }
  if (race[other] === "ready") {
    return [
      { ...now, [other]: "open", chosen: other },
      [{ do: "choose", lane: other }, { do: "open", lane: other }],
    ];
  }
  if (!RUNNING.includes(race[other])) return [now, [{ do: "over" }]];
  return [{ ...now, chosen: other }, [{ do: "choose", lane: other }]];
}

function closing(race, lane) {
  return RUNNING.includes(race[lane]) ? [{ do: "close", lane }] : [];
}

function otherOf(lane) {
  return lane === "direct" ? "socket" : "direct";
}
