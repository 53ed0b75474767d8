/**
 * What a viewer is in, and what follows from what happens to it. Pure: `peer.js` does it.
 *
 * `step(viewing, event, now)` returns what it is in then, and what is to be done: a list of effects.
 * Each event has its row in `RULES`, with what it means in which phase; where it means nothing, all
 * stays as it is. Reasons are `{code, words}`: a code that has words in every language, and where the
 * server said more, its own text.
 *
 * @typedef {{code: string, words: string}} Reason
 * @typedef {{
 *   phase: string, state: string, reason: Reason, retryAt: number|null,
 *   attempt: number, rounds: number, thinnedTo: number|null,
 * }} Viewing
 * @typedef {{type: string, reason?: Reason, state?: string, delayMs?: number|null, isSeen?: boolean,
 *   isOffline?: boolean, fps?: number|null, random?: () => number}} ViewingEvent
 * @typedef {{do: "try"|"drop"|"leave"|"wait"|"play"|"still"|"forgetWays"|"forgetViewer",
 *   ms?: number}} Effect
 */

import { retryDelayMs, undecodableDelayMs } from "./retry.js";
import { State } from "./state.js";

/** Finer than `State`: whether a try runs, and what would begin the next one. */
export const Phase = Object.freeze({
  CLOSED: "closed",
  /** A try runs, and has shown nothing yet. */
  TRYING: "trying",
  LIVE: "live",
  /** The same try, whose pictures have stopped. */
  STALLED: "stalled",
  NO_CAMERA: "no-camera",
  /** The browser lets nothing play before somebody asks for it. */
  BLOCKED: "blocked",
  /** No try: the next one comes at `retryAt`. */
  WAITING: "waiting",
  /** No try: the next one comes when somebody looks. */
  RESTING: "resting",
  /** No try: a person has to ask for one. */
  REFUSED: "refused",
  /** No try, since nobody looked. */
  PAUSED: "paused",
  /** No try, until whoever asked for that says so. */
  HELD: "held",
});

const { CLOSED, TRYING, LIVE, STALLED, NO_CAMERA, BLOCKED } = Phase;
const { WAITING, RESTING, REFUSED, PAUSED, HELD } = Phase;

/** The phases with a try. */
const ACTIVE = [TRYING, LIVE, STALLED, NO_CAMERA, BLOCKED];
const OPEN = Object.values(Phase).filter((phase) => phase !== CLOSED);

/** The states that another try does not change before it has brought something. */
const LASTING = [State.RECONNECTING, State.FULL, State.UNSUPPORTED];
/** What is over when the server is heard again. */
const OF_LINK = ["offline", "server", "closed", "connection"];
/** What is known better than that nobody answers. */
const GOODBYE = "closed";
const NO_ANSWER = ["server", "connection"];

/** @type {Reason} */
export const NO_REASON = Object.freeze({ code: "", words: "" });

/** @returns {Reason} */
export function reasonOf(code, words = "") {
  return code || words ? { code, words } : NO_REASON;
}

/** @returns {Viewing} */
export function closed() {
  return {
    phase: CLOSED,
    state: State.CLOSED,
    reason: NO_REASON,
    retryAt: null,
    attempt: 0,
    rounds: 0,
    thinnedTo: null,
  };
}

/** Whether a try runs. */
export function isActive({ phase }) {
  return ACTIVE.includes(phase);
}

/**
 * For each event, the phases in which it means something, and what.
 *
 * @type {Record<string, [string[], (viewing: Viewing, event: any, now: number) => [Viewing, Effect[]]][]>}
 */
const RULES = {
  // What the page asks for
  start: [[[CLOSED], again]],
  stop: [[OPEN, close]],
  retry: [
    [[BLOCKED], (viewing) => [viewing, [{ do: "play" }]]],
    [Object.values(Phase), (viewing) => withEffect("forgetViewer", again(viewing))],
  ],
  hold: [[OPEN.filter((phase) => phase !== HELD), hold]],
  resume: [[[HELD], again]],

  // Whether somebody looks
  away: [[[TRYING, LIVE, STALLED, NO_CAMERA, WAITING, RESTING], pause]],
  back: [
    [[RESTING, PAUSED], again],
    [[WAITING], (viewing) => (isLost(viewing) ? again(viewing) : stay(viewing))],
  ],
  leave: [[[...ACTIVE, WAITING, RESTING], leave]],
  return: [[[...ACTIVE, WAITING, RESTING, PAUSED], again]],

  // The network and the server, as others know them
  online: [
    [[TRYING, STALLED, WAITING, RESTING], (viewing) => withEffect("forgetWays", ifLost(viewing))],
    [[LIVE, NO_CAMERA, BLOCKED, REFUSED, PAUSED, HELD], forgetWays],
  ],
  reachable: [
    [[TRYING, STALLED], (viewing) => stay(withoutLinkReason(viewing))],
    [[WAITING, RESTING], (viewing) => ifLost(withoutLinkReason(viewing))],
  ],
  troubled: [[[STALLED, WAITING, RESTING], troubled]],
  due: [[[WAITING], due]],

  // What the try tells
  live: [[ACTIVE, live]],
  steady: [[[LIVE], (viewing) => stay({ ...viewing, attempt: 0, rounds: 0 })]],
  stalled: [[[LIVE], (viewing, { reason }) => show(viewing, STALLED, State.RECONNECTING, reason)]],
  camera: [
    [[TRYING, LIVE, STALLED, NO_CAMERA], (viewing, { reason }) =>
      show(viewing, NO_CAMERA, State.CAMERA_OFFLINE, reason)],
  ],
  thinned: [[ACTIVE, thinned]],
  blocked: [[ACTIVE, (viewing) => show(viewing, BLOCKED, State.BLOCKED, NO_REASON)]],
  /** There is another way to be tried. */
  otherWay: [[ACTIVE, tryNow]],
  lost: [[ACTIVE, lost]],
  refused: [[ACTIVE, refused]],
  undecodable: [[ACTIVE, undecodable]],
  /** The page's own policy is in the way: only whoever made the page changes that. */
  forbidden: [
    [[...ACTIVE, WAITING, RESTING], (viewing, { reason }) =>
      withoutTry(viewing, REFUSED, State.NOT_ALLOWED, reason)],
  ],
};

export const EVENTS = Object.freeze(Object.keys(RULES));

/**
 * @param {Viewing} viewing
 * @param {ViewingEvent} event
 * @param {number} now in ms, as `retryAt`
 * @returns {[Viewing, Effect[]]}
 */
export function step(viewing, event, now) {
  const rule = RULES[event.type].find(([phases]) => phases.includes(viewing.phase));
  return rule ? rule[1](viewing, event, now) : stay(viewing);
}

/** @returns {[Viewing, Effect[]]} */
function stay(viewing) {
  return [viewing, []];
}

/** @returns {[Viewing, Effect[]]} */
function withEffect(name, [viewing, effects]) {
  return [viewing, [{ do: name }, ...effects]];
}

/** @returns {[Viewing, Effect[]]} */
function show(viewing, phase, state, reason) {
  return [{ ...viewing, phase, state, reason, retryAt: null }, []];
}

/** The connection is gone, or was never there, for a reason that ends by itself. */
function isLost({ state }) {
  return state === State.RECONNECTING;
}

function withoutLinkReason(viewing) {
  const isOver = isLost(viewing) && OF_LINK.includes(viewing.reason.code);
  return isOver ? { ...viewing, reason: NO_REASON } : viewing;
}

function ifLost(viewing) {
  return isLost(viewing) ? again(viewing) : stay(viewing);
}

/**
 * From the beginning: what failed before does not count.
 *
 * @returns {[Viewing, Effect[]]}
 */
function again(viewing) {
  return tryNow({ ...viewing, attempt: 0, rounds: viewing.phase === CLOSED ? 0 : viewing.rounds });
}

/** @returns {[Viewing, Effect[]]} */
function tryNow(viewing) {
  const isAgain = LASTING.includes(viewing.state);
  const [shown] = isAgain
    ? show(viewing, TRYING, viewing.state, viewing.reason)
    : show(viewing, TRYING, State.CONNECTING, NO_REASON);
  return [{ ...shown, thinnedTo: null }, [{ do: "try" }]];
}

function due(viewing, { isSeen }) {
  return isSeen ? tryNow(viewing) : show(viewing, RESTING, viewing.state, viewing.reason);
}

/** @returns {[Viewing, Effect[]]} */
function withoutTry(viewing, phase, state, reason, effect = /** @type {"drop"|"leave"} */ ("drop")) {
  const [shown] = show(viewing, phase, state, reason);
  return [{ ...shown, thinnedTo: null }, [{ do: effect }]];
}

/** @returns {[Viewing, Effect[]]} */
function close() {
  return [closed(), [{ do: "drop" }]];
}

function pause(viewing) {
  return withoutTry(viewing, PAUSED, State.PAUSED, NO_REASON);
}

function leave(viewing) {
  return withoutTry(viewing, PAUSED, State.PAUSED, NO_REASON, "leave");
}

function hold(viewing) {
  return withEffect("still", withoutTry(viewing, HELD, State.PAUSED, reasonOf("held")));
}

/** @returns {[Viewing, Effect[]]} */
function forgetWays(viewing) {
  return [viewing, [{ do: "forgetWays" }]];
}

function live(viewing) {
  const reason = viewing.thinnedTo === null ? NO_REASON : reasonOf("slow");
  return show(viewing, LIVE, State.LIVE, reason);
}

function thinned(viewing, { fps }) {
  const changed = { ...viewing, thinnedTo: fps };
  return viewing.phase === LIVE ? live(changed) : stay(changed);
}

/** Somebody else knows why nothing comes. */
function troubled(viewing, { reason }) {
  if (!isLost(viewing)) return stay(viewing);
  return stay({ ...viewing, reason: better(viewing.reason, reason) });
}

function lost(viewing, { reason, isOffline = false, random }, now) {
  const known = isOffline ? reasonOf("offline") : better(viewing.reason, reason);
  const delayMs = retryDelayMs(viewing.attempt, random);
  return wait({ ...viewing, attempt: viewing.attempt + 1 }, State.RECONNECTING, known, delayMs, now);
}

/** A server that has said goodbye does not answer, either: that says less. */
function better(known, reason) {
  return known.code === GOODBYE && NO_ANSWER.includes(reason.code) ? known : reason;
}

function refused(viewing, event, now) {
  const { state, reason, delayMs } = event;
  if (state === State.RECONNECTING) return lost(viewing, event, now);
  if (delayMs === null) return withoutTry(viewing, REFUSED, state, reason);
  return wait(viewing, state, reason, delayMs, now);
}

function undecodable(viewing, _, now) {
  const delayMs = undecodableDelayMs(viewing.rounds);
  const counted = { ...viewing, rounds: viewing.rounds + 1 };
  return wait(counted, State.UNSUPPORTED, reasonOf("undecodable"), delayMs, now);
}

/** @returns {[Viewing, Effect[]]} */
function wait(viewing, state, reason, delayMs, now) {
  const [shown, effects] = withoutTry(viewing, WAITING, state, reason);
  return [{ ...shown, retryAt: now + delayMs }, [...effects, { do: "wait", ms: delayMs }]];
}
