/** What this page knows of a server: link, camera, recorder. All parts of the page show this, and nothing else. */

import { isCameraDown } from "./camera.js";
import { healthFor, isInactive } from "./own_camera.js";
import { State } from "./state.js";

/**
 * @typedef {Record<string, any>} Facts JSON of the server
 *
 * @typedef {"" | "closed" | "server" | "connection"} Trouble What keeps us from the server: it said
 *   goodbye; it does not answer; nothing was heard for too long.
 * @typedef {object} Link
 * @property {boolean} isOnline the browser's word for its network
 * @property {Trouble} trouble
 * @property {number | null} since wall clock of the trouble, ms
 * @property {boolean} isPushed news come by themselves
 *
 * @typedef {object} PlayerSeen a player of this page
 * @property {string} camera `day`, `night`, or "" for the active one
 * @property {string} state of `State`
 * @property {string} reason
 *
 * @typedef {object} Snapshot
 * @property {Link} link
 * @property {boolean} isCurrent `health` and `recording` are of now, not of some time ago
 * @property {Facts | null} health as of `GET /health`
 * @property {Facts | null} recording as of `GET /api/recording/status`
 * @property {Facts | null} refusal why this page may keep no WebSocket
 * @property {Readonly<Record<string, PlayerSeen>>} players
 * @property {number | null} doubtedAt when pictures stopped that the server thought of as live
 * @property {number} listAt how often the list of recordings was said to have changed
 */

/** The server learns that a camera has stopped no sooner than this page, and tells it this much later. */
const SERVER_LEARNS_MS = 500;

/** @type {Snapshot} */
export const NOTHING = Object.freeze({
  link: Object.freeze({ isOnline: true, trouble: "", since: null, isPushed: false }),
  isCurrent: false,
  health: null,
  recording: null,
  refusal: null,
  players: Object.freeze({}),
  doubtedAt: null,
  listAt: 0,
});

/** Why a player's pictures stopped, where it does not know yet whether the camera has. */
const BREAKS = ["stalled", "closed"];

/** What is known better is not replaced by what is known worse. */
const RANK = ["", "connection", "server", "closed"];

/** @type {Record<string, (now: Snapshot, event: any) => Partial<Snapshot>>} */
const REDUCERS = {
  /** Pushed. */
  state: (now, { health, recording, at }) => ({
    health,
    recording,
    isCurrent: true,
    refusal: null,
    link: with_(now.link, { isPushed: true, ...WELL }),
    doubtedAt: isCameraDown(health) ? null : doubtAfter(now, at),
  }),

  /** What was pushed last is still so. */
  beat: (now, { at }) => ({
    isCurrent: now.isCurrent || now.link.isPushed,
    link: with_(now.link, WELL),
    doubtedAt: doubtAfter(now, at),
  }),

  /** The server has answered something. */
  heard: (now) => ({ link: with_(now.link, WELL) }),

  /** It was asked. `health` or `recording` or both. */
  answer: (now, { at, type: _, ...facts }) => ({
    ...facts,
    isCurrent: now.isCurrent || Boolean(facts.health),
    link: with_(now.link, WELL),
    doubtedAt: facts.health ? doubtAfter(now, at) : now.doubtedAt,
  }),

  /** Nothing gets through; `trouble` says what is known of the cause. */
  lost: (now, { trouble, wall }) => {
    const { trouble: known, since } = now.link;
    const worse = RANK.indexOf(trouble) > RANK.indexOf(known) ? trouble : known;
    return { isCurrent: false, link: with_(now.link, { trouble: worse, since: since ?? wall }) };
  },

  /** The socket is not open any more: whether that means something, the next answer tells. */
  unpushed: (now, { refusal = now.refusal }) => ({
    refusal,
    link: with_(now.link, { isPushed: false }),
  }),

  /** Nobody looked, and nobody asked. */
  slept: (now) => ({ isCurrent: false, link: with_(now.link, { isPushed: false }) }),

  /** A command was answered; the rest of `health` follows. */
  pause: (now, { pause }) => ({ health: { ...now.health, pause } }),

  network: (now, { isOnline }) => ({ link: with_(now.link, { isOnline }) }),

  list: (now) => ({ listAt: now.listAt + 1 }),

  player: (now, { id, seen, at }) => {
    const players = { ...now.players };
    const before = players[id];
    if (seen) players[id] = seen;
    else delete players[id];
    const hasStopped = BREAKS.includes(seen?.reason) && before?.reason !== seen.reason;
    const doubtedAt = hasStopped ? at : seen?.state === State.LIVE ? null : now.doubtedAt;
    return { players: same(before, seen) ? now.players : Object.freeze(players), doubtedAt };
  },
};

const WELL = { trouble: /** @type {Trouble} */ (""), since: null };

/** The snapshot after `event`; `now` itself if nothing differs. Pure. */
export function reduce(now, event) {
  return with_(now, REDUCERS[event.type](now, event));
}

function with_(before, fields) {
  const differs = Object.entries(fields).some(([name, value]) => !Object.is(value, before[name]));
  return differs ? Object.freeze({ ...before, ...fields }) : before;
}

function same(one, other) {
  if (!one || !other) return one === other;
  return Object.keys(other).every((name) => one[name] === other[name]);
}

function doubtAfter({ doubtedAt }, at) {
  return doubtedAt !== null && at - doubtedAt > SERVER_LEARNS_MS ? null : doubtedAt;
}

// What follows from a snapshot. Pure.

/** Why nothing gets through, as in `Peer.reason`: "", offline, closed, server or connection. */
export function linkTrouble({ link }) {
  return link.trouble && !link.isOnline ? "offline" : link.trouble;
}

/** Whether this page shows pictures of the active camera now: then it is there, whatever else is known. */
export function isSeen({ players, health }) {
  const shown = Object.values(players).filter(({ state }) => state === State.LIVE);
  return shown.some(({ camera }) => !isInactive(camera, health));
}

/** The health that a viewer of `camera` may believe now; null where nothing is known for sure. */
export function camerasWord(now, camera = "") {
  if (!now.isCurrent || !now.health) return null;
  const health = healthFor(camera, now.health);
  return now.doubtedAt !== null && !isCameraDown(health) ? null : health;
}

/** The store: `now` is the snapshot, and `change` says that there is another one. */
export class Known extends EventTarget {
  #now = NOTHING;
  #players = 0;
  #clock;
  /** When the server last said anything, by the page's own clock, ms. */
  heardAt = -Infinity;

  constructor(clock = { now: () => performance.now(), wall: () => Date.now() }) {
    super();
    this.#clock = clock;
  }

  get now() {
    return this.#now;
  }

  /** `event`: `{type, …}` as in `REDUCERS`. */
  take(event) {
    const next = reduce(this.#now, { at: this.#clock.now(), wall: this.#clock.wall(), ...event });
    if (next === this.#now) return;
    this.#now = next;
    this.dispatchEvent(new Event("change"));
  }

  /** The server has said something. */
  heard() {
    this.heardAt = this.#clock.now();
    this.take({ type: "heard" });
  }

  /** A player of this page takes its seat: `tell({state, reason})` at each change, `leave()` at last. */
  addPlayer({ camera = "" } = {}) {
    const id = String((this.#players += 1));
    const tell = (seen) => this.take({ type: "player", id, seen });
    return {
      tell: ({ state, reason = "" }) => tell({ camera, state, reason }),
      leave: () => tell(null),
    };
  }
}
