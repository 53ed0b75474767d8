/**
 * Which way the pictures come: over WebRTC, or over a WebSocket to one of two decoders. The first
 * that has not failed lately comes next. Pure, but for the memory and the clock that it is given.
 */

/** In the order in which they are tried. */
const SOCKET_WAYS = ["webcodecs", "mse"];
export const DIRECT = "webrtc";

/** So long a way is not the first any more; each further failure doubles it, … */
const FIRST_MS = 300_000;
/** … up to this. After as long without one it begins anew. */
export const LONGEST_MS = 3_600_000;

/** The ways that a player's attributes let it take, the first choice first. */
export function waysOf(transport, decoder) {
  const sockets = SOCKET_WAYS.includes(decoder) ? [decoder] : SOCKET_WAYS;
  if (transport === "webrtc") return [DIRECT];
  return transport === "websocket" ? sockets : [DIRECT, ...sockets];
}

export function transportOf(way) {
  return way === DIRECT ? "webrtc" : "websocket";
}

export class Ways {
  #names;
  #memory;
  #now;

  /** `memory`: `{load, save}` of a value in JSON, which other players of the server may share. */
  constructor(names, { memory = pageMemory(), now = Date.now } = {}) {
    this.#names = names;
    this.#memory = memory;
    this.#now = now;
  }

  /** The way to take now: if all have failed, the one that did so first. */
  get next() {
    const failedAt = (name) => this.#records[name]?.failedAt ?? 0;
    const [oldest] = [...this.#names].sort((a, b) => failedAt(a) - failedAt(b));
    return this.#free[0] ?? oldest;
  }

  /** The first WebSocket's way that has not failed; null if all have. */
  get socket() {
    return this.#free.find((name) => name !== DIRECT) ?? null;
  }

  get haveChoice() {
    return this.#names.length > 1;
  }

  get haveAllFailed() {
    return this.#free.length === 0;
  }

  /** The decoders for a WebSocket that begins with `way`: those behind it may take over. */
  decodersFrom(way) {
    const free = this.#free.filter((name) => name !== DIRECT && name !== way);
    return [way, ...free];
  }

  /** Whether the first choice, which is not the one in use, may be tried again by now. */
  isTrialDue(inUse) {
    const [first] = this.#names;
    return first === DIRECT && inUse !== DIRECT && this.#free[0] === DIRECT;
  }

  hasFailed(...names) {
    const now = this.#now();
    for (const name of names) {
      const { failures = 0, until = 0 } = this.#records[name] ?? {};
      const again = now - until < LONGEST_MS ? failures + 1 : 1;
      const forMs = Math.min(FIRST_MS * 2 ** (again - 1), LONGEST_MS);
      this.#record(name, { failures: again, failedAt: now, until: now + forMs });
    }
  }

  /** It could not be tried, for a reason that is not its own. */
  postpone(name) {
    const now = this.#now();
    this.#record(name, { ...this.#records[name], failedAt: now, until: now + FIRST_MS });
  }

  /** Pictures come by it. Whether that lasts, its failures will tell. */
  plays(name) {
    if (this.#isAvoided(name)) this.#record(name, { ...this.#records[name], until: this.#now() });
  }

  /** It leads nowhere in this page, ever. Returns whether something else was asked for. */
  exclude(name) {
    const others = this.#names.filter((other) => other !== name);
    if (others.length) this.#names = others;
    return others.length > 0;
  }

  /** Another network, where all of them may be open. */
  forget() {
    this.#memory.save({});
  }

  get #records() {
    return this.#memory.load() ?? {};
  }

  get #free() {
    return this.#names.filter((name) => !this.#isAvoided(name));
  }

  /** A clock that was set back must not make it longer. */
  #isAvoided(name) {
    const leftMs = (this.#records[name]?.until ?? 0) - this.#now();
    return leftMs > 0 && leftMs <= LONGEST_MS;
  }

  #record(name, record) {
    this.#memory.save({ ...this.#records, [name]: record });
  }
}

/** Lasts as long as the page. */
function pageMemory() {
  let value = null;
  return { load: () => value, save: (newer) => (value = newer) };
}

/** Outlasts the browser's end, where it lets pages keep anything. */
export function lastingMemory(key) {
  return memoryIn(() => localStorage, key);
}

/** Lasts as long as the tab. */
export function tabMemory(key) {
  return memoryIn(() => sessionStorage, key);
}

/** In what `getStorage()` returns; where it throws, in the page. */
function memoryIn(getStorage, key) {
  const page = pageMemory();
  return {
    load() {
      try {
        return JSON.parse(getStorage().getItem(key) ?? "null");
      } catch {
        return page.load();
      }
    },
    save(value) {
      page.save(value);
      try {
        getStorage().setItem(key, JSON.stringify(value));
      } catch {
        // the page's memory has it
      }
    },
  };
}
