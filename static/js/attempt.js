/** One try to show the camera: its two ways, as `race.js` has them run. */

import { needsSocket } from "./camera.js";
import * as race from "./race.js";
import { DIRECT_LIMIT_MS, Runner, verdict } from "./runner.js";
import { reasonOf } from "./viewing.js";
import { DIRECT, transportOf } from "./ways.js";

/** The offer has the browser's few connections for itself before. */
const HEALTH_AFTER_MS = 300;

/**
 * From `start()` to `stop()`, or to its end: then `on.over(event)`, an event for `viewing.js`. Calls
 * the others of `on` for the way that shows its pictures, as `Runner` does, `on.camera` for either,
 * `on.blocked()` when the browser does not play by itself, and `on.transport()` when the way is another.
 */
export class Attempt {
  #options;
  #api;
  #screen;
  #ways;
  #on;
  #name = randomText();
  /** @type {race.Race} */
  #race = race.NONE;
  /** @type {Map<race.Lane, Runner>} */
  #runners = new Map();
  /** @type {import("./runner.js").Failure[]} */
  #failures = [];
  /** @type {import("./trial.js").Trial|null} */
  #trial = null;
  #timer = 0;
  #healthTimer = 0;
  #viewer;
  #isServerThere = false;
  #isOver = false;

  /** `viewer`: the one that this page was before, as the server calls it; the others as for `Runner`. */
  constructor({ api, screen, ways, viewer, on, ...options }) {
    this.#options = options;
    this.#api = api;
    this.#screen = screen;
    this.#ways = ways;
    this.#viewer = viewer;
    this.#on = on;
  }

  /** What the server calls this viewer, or the one before it. */
  get viewer() {
    return this.#runners.get("direct")?.viewer || this.#viewer;
  }

  /** How the pictures come, or are tried to: `webrtc`, `websocket`. */
  get transport() {
    const runner = this.#chosen ?? this.#runners.get("direct") ?? this.#runners.get("socket");
    return runner ? transportOf(runner.way) : "";
  }

  start() {
    const hasDirect = this.#ways.next === DIRECT;
    this.#follow(race.begin({ hasDirect, hasSocket: !hasDirect || this.#ways.socket !== null }));
    if (this.#api.word) this.cameraSaid(this.#api.word);
    else this.#healthTimer = setTimeout(() => this.#askForHealth(), HEALTH_AFTER_MS);
  }

  async #askForHealth() {
    const health = await this.#api.health().catch(() => null);
    if (health) this.cameraSaid(health);
  }

  /** Gives the place back. */
  stop(options) {
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#healthTimer);
    this.#trial?.stop();
    this.#trial = null;
    for (const lane of [...this.#runners.keys()]) this.#close(lane, options);
  }

  /** Numbers about the way that shows its pictures; null without one. */
  async stats() {
    return (await this.#chosen?.stats()) ?? null;
  }

  async play() {
    const runner = this.#chosen;
    try {
      await runner?.play();
    } catch (error) {
      // Saving power, some browsers start no video by themselves. Anything else: a newer stream.
      if (error.name !== "NotAllowedError" || this.#isOver) return;
      runner?.suspend();
      this.#on.blocked();
    }
  }

  /** The server's word for the camera. */
  cameraSaid(health) {
    if (this.#isOver) return;
    this.#isServerThere = true;
    if (this.#runners.has("direct") && needsSocket(health) && this.#ways.haveChoice) {
      this.#ways.postpone(DIRECT);
      return this.#failed("direct", { isOfWay: true, reason: reasonOf("undecodable") });
    }
    let isDown = false;
    for (const runner of this.#runners.values()) isDown = runner.cameraIs(health) || isDown;
    return this.#tell({ type: "camera", isDown });
  }

  /** What others know of the server. */
  troubled(reason) {
    for (const runner of this.#runners.values()) runner.troubled(reason);
  }

  // The race

  get #chosen() {
    return this.#race.chosen ? this.#runners.get(this.#race.chosen) : undefined;
  }

  #tell(event) {
    if (!this.#isOver) this.#follow(race.step(this.#race, event));
  }

  #follow([next, effects]) {
    this.#race = next;
    for (const effect of effects) if (!this.#isOver) this.#do(effect);
  }

  #do(effect) {
    if (effect.do === "open") this.#open(effect.lane);
    else if (effect.do === "close") this.#close(effect.lane);
    else if (effect.do === "choose") this.#choose(effect.lane);
    else if (effect.do === "blame") this.#ways.hasFailed(DIRECT);
    else if (effect.do === "wait") this.#wait(effect.ms);
    else this.#end();
  }

  #wait(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell({ type: "late" }), ms);
  }

  #open(lane) {
    const way = lane === "direct" ? DIRECT : (this.#ways.socket ?? this.#ways.next);
    const runner = this.#make(lane, way);
    runner.open({
      api: this.#api,
      screen: this.#screen,
      iceServers: lane === "direct" ? this.#api.iceServers() : [],
      replaces: this.#viewer,
      race: this.#race.chosen ? "" : this.#name,
      decoders: this.#ways.decodersFrom(way),
      isReserve: this.#race.chosen !== lane,
    });
  }

  #make(lane, way) {
    const ifChosen = (callback) => (argument) => {
      if (this.#race.chosen === lane) callback(argument);
    };
    const on = this.#on;
    const runner = new Runner({
      ...this.#options,
      lane,
      way,
      api: this.#api,
      ways: this.#ways,
      isServerThere: () => this.#isServerThere,
      on: {
        advanced: (stage) => {
          this.#isServerThere = true;
          this.#tell({ type: "advanced", lane, stage });
        },
        first: () => this.#tell({ type: "picture", lane }),
        picture: ifChosen(on.picture),
        playing: () => this.play(),
        live: ifChosen(on.live),
        steady: () => this.#steady(runner),
        stalled: on.stalled,
        camera: (reason) => {
          this.#tell({ type: "camera", isDown: true });
          on.camera(reason);
        },
        thinned: ifChosen(on.thinned),
        failed: (failure) => this.#failed(lane, failure),
      },
    });
    this.#runners.set(lane, runner);
    return runner;
  }

  #close(lane, options) {
    const runner = this.#runners.get(lane);
    this.#viewer = this.viewer;
    this.#runners.delete(lane);
    runner?.close(options);
  }

  #choose(lane) {
    clearTimeout(this.#timer);
    this.#runners.get(lane)?.choose();
    this.#on.transport();
  }

  #failed(lane, failure) {
    this.#failures.push(failure);
    this.#close(lane);
    this.#tell({ type: "failed", lane, isFinal: failure.isFinal });
  }

  #end() {
    this.stop();
    this.#on.over(verdict(this.#failures, this.#ways.haveAllFailed));
  }

  // Back to the direct way

  #steady(runner) {
    this.#on.steady();
    this.#ways.plays(runner.way);
    if (!this.#trial && this.#ways.isTrialDue(runner.way)) this.#tryDirect(runner);
  }

  /** Beside the picture that is seen. */
  async #tryDirect(runner) {
    const { Trial } = await import("./trial.js").catch(() => ({ Trial: null })); // the next look asks
    if (!Trial || this.#trial || this.#isOver || this.#chosen !== runner) return;
    const ended = (say) => (result) => {
      this.#trial = null;
      say(result);
    };
    this.#trial = new Trial({
      api: this.#api,
      connectLimitMs: DIRECT_LIMIT_MS,
      on: {
        plays: ended((link) => this.#moveTo(link)),
        failed: ended(() => this.#ways.hasFailed(DIRECT)),
        refused: ended(() => this.#ways.postpone(DIRECT)),
      },
    });
    this.#trial.start();
  }

  #moveTo(link) {
    this.#screen.hold();
    this.#close("socket");
    [this.#race] = race.begin({ hasDirect: true, hasSocket: false });
    this.#make("direct", DIRECT).adopt(link, this.#screen);
    this.#on.transport();
  }
}

/** Names this try for the server; nobody can guess it. */
function randomText() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
