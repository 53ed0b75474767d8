/** One way of a try: its link, watched, and what went wrong with it. */

import { afterFailure } from "./retry.js";
import { SocketLink } from "./socket_link.js";
import { State } from "./state.js";
import { reasonOf } from "./viewing.js";
import { Watch } from "./watch.js";
import { DIRECT, transportOf, waysOf } from "./ways.js";
import { WebRtcLink } from "./webrtc.js";

/** Without a connection by then: the other way if there is one, else anew. */
export const DIRECT_LIMIT_MS = 6_000;
const CONNECT_LIMIT_MS = 10_000;
/** Both are here from the beginning: a way that is needed in a hurry is not fetched first. */
const LINKS = { direct: WebRtcLink, socket: SocketLink };
/** What a server says that has no thread, no WebSockets, or no UDP port for this way. */
const OF_ONE_WAY = ["too_few_threads", "no_websockets", "no_port"];

/**
 * @typedef {object} Failure
 * @property {import("./viewing.js").Reason} [reason]
 * @property {boolean} [isOfWay]  Another way may do better.
 * @property {boolean} [isFinal]  None does: the server has said so, or says nothing.
 * @property {import("./viewing.js").ViewingEvent} [refusal]
 *
 * @typedef {object} RunnerEvents
 * @property {(stage: import("./race.js").Stage) => void} advanced
 * @property {() => void} first  Its first picture may be shown.
 * @property {(picture: object) => void} picture  Each one that is shown.
 * @property {() => void} playing  There is something to play.
 * @property {() => void} live
 * @property {() => void} steady
 * @property {(reason: import("./viewing.js").Reason) => void} stalled
 * @property {(reason: import("./viewing.js").Reason) => void} camera
 * @property {(fps: number|null) => void} thinned
 * @property {(failure: Failure) => void} failed  Once, at the end.
 */

export class Runner {
  lane;
  way;
  #ways;
  #isPaused;
  #isServerThere;
  #isForeign;
  #watch;
  /** @type {any} */
  #link = null;
  #isOver = false;
  /** @type {RunnerEvents} */
  #on;

  /**
   * `isServerThere()`: whether it has answered something in this try; the others as for `Watch`.
   *
   * @param {{lane: import("./race.js").Lane, way: string, on: RunnerEvents, [key: string]: any}} options
   */
  constructor({ lane, way, api, ways, liveness, isUnseen, isPaused, isServerThere, on }) {
    this.lane = lane;
    this.way = way;
    this.#ways = ways;
    this.#isPaused = isPaused;
    this.#isServerThere = isServerThere;
    this.#isForeign = api.isForeign;
    this.#on = on;
    this.#watch = new Watch({
      api,
      liveness,
      connectLimitMs: way === DIRECT && ways.haveChoice ? DIRECT_LIMIT_MS : CONNECT_LIMIT_MS,
      isUnseen,
      isPaused,
      on: {
        live: () => this.#live(),
        steady: () => on.steady(),
        stalled: (reason) => on.stalled(reason),
        cameraDown: (reason) => on.camera(reason),
        lost: (code) => this.#fail({ reason: reasonOf(code), isFinal: code === "server" }),
        failed: (code) => this.#wayFailed(code),
      },
    });
  }

  /** What the server calls this viewer; "" as long as it has not said. */
  get viewer() {
    return this.#link?.viewer ?? "";
  }

  /** Makes its link, with `options` of the link's own. */
  async open(options) {
    try {
      this.#link = new LINKS[this.lane]({ ...options, on: this.#events() });
      await this.#link.open();
      if (!this.#isOver) this.#watch.start(this.#link);
    } catch (error) {
      if (!this.#isOver) this.#notMade(error);
    }
  }

  /** Takes over a link that plays already, and shows it on `screen`. */
  adopt(link, screen) {
    this.#link = link;
    this.#watch.adopt(link);
    link.moveTo(screen, this.#events());
  }

  /** It has the screen from now on. */
  choose() {
    this.#link?.choose?.();
  }

  close(options) {
    this.#isOver = true;
    this.#watch.stop();
    this.#link?.close(options);
  }

  async play() {
    await this.#link?.play();
  }

  async stats() {
    return (await this.#link?.stats().catch(() => null)) ?? null;
  }

  /** The server's word for the camera. Returns whether no picture can be expected. */
  cameraIs(health) {
    return this.#watch.cameraIs(health);
  }

  /** What others know of the server: see `Watch`. */
  troubled(reason) {
    this.#watch.troubled(reason);
  }

  /** Live is what comes once it may be played. */
  suspend() {
    this.#watch.suspend();
  }

  /** What the link tells, as long as this is not over. */
  #events() {
    const ifThere = (callback) => (argument, other) => {
      if (!this.#isOver) callback(argument, other);
    };
    return {
      answered: ifThere(() => this.#on.advanced("answered")),
      reached: ifThere(() => this.#on.advanced("reached")),
      connected: ifThere(() => {
        this.#watch.connected();
        this.#on.advanced("connected");
      }),
      arrived: ifThere(() => this.#on.first()),
      playing: ifThere(() => this.#on.playing()),
      picture: ifThere((picture) => {
        if (this.#isPaused()) return;
        this.#watch.pictureShown();
        this.#on.picture(picture);
      }),
      camera: ifThere(({ camera, reason, reason_code: code }) =>
        this.#watch.cameraIs({ camera: { state: camera }, reasons: [reason], reason_codes: [code] }),
      ),
      thinned: ifThere((fps) => {
        if (fps !== null) this.#watch.expect(fps);
        this.#on.thinned(fps);
      }),
      decoderFailed: ifThere((way) => this.#ways.hasFailed(way)),
      ended: ifThere((error, wasOpen) => this.#ended(error, wasOpen)),
    };
  }

  #live() {
    this.#on.first();
    this.#on.live();
  }

  #wayFailed(code) {
    this.#ways.hasFailed(this.way);
    this.#fail({ isOfWay: true, reason: reasonOf(code) });
  }

  /** The link could not even be asked for. */
  #notMade(error) {
    if (error.status || error.code) return this.#refused(error);
    // A foreign server that refuses this page does not let it read that; over a WebSocket it does.
    return this.#fail({ reason: reasonOf("server"), isFinal: !this.#isForeign });
  }

  /** The link did not come about in the end, or is not there any more. */
  #ended(error, wasOpen) {
    const { code, status } = error;
    if (code === "undecodable") return this.#fail({ isOfWay: true, reason: reasonOf(code) });
    if (code === "closed") return this.#fail({ isFinal: true, reason: reasonOf(code) });
    if (status || code) return this.#refused(error);
    const isOfWay = !wasOpen && this.#isServerThere(); // the server answers, but not this way
    if (isOfWay) this.#ways.hasFailed(...waysOf(transportOf(this.way)));
    const isSilent = !wasOpen && this.lane === "socket";
    return this.#fail({ isOfWay, reason: reasonOf(isSilent ? "server" : "connection") });
  }

  #refused(error) {
    const { state, reason, delayMs } = afterFailure(error);
    const refusal = { type: "refused", state, reason: reasonOf(reason), delayMs };
    const isOfBrowser = state === State.UNSUPPORTED && this.#ways.haveChoice;
    if (isOfBrowser) this.#ways.exclude(DIRECT);
    const isOfWay = isOfBrowser || OF_ONE_WAY.includes(error.code);
    this.#fail({ isOfWay: isOfBrowser, isFinal: !isOfWay, refusal });
  }

  #fail(failure) {
    this.close();
    this.#on.failed(failure);
  }
}

/**
 * What follows for the viewer from all that went wrong in a try, in order. Pure.
 *
 * @param {Failure[]} failures
 * @returns {import("./viewing.js").ViewingEvent}
 */
export function verdict(failures, haveAllFailed) {
  const final = failures.find(({ isFinal }) => isFinal);
  if (final) return final.refusal ?? { type: "lost", reason: final.reason };
  if (failures.some(({ isOfWay }) => isOfWay) && !haveAllFailed) return { type: "otherWay" };
  const refused = failures.find(({ refusal }) => refusal);
  if (refused?.refusal) return refused.refusal;
  const reasons = failures.map(({ reason }) => reason);
  if (reasons.some((reason) => reason?.code === "undecodable")) return { type: "undecodable" };
  return { type: "lost", reason: reasons.find((reason) => reason?.code === "server") ?? reasons[0] };
}
