/** One way, watched: do its pictures come, and if not, whose fault is it? */

import { Arrival } from "./arrival.js";
import { isCameraDown, whyDown, whyJoinersWait } from "./camera.js";
import { NO_REASON, reasonOf } from "./viewing.js";

/** Statistics are asked for so often; what is late is noticed when it is. */
const LOOK_MS = 500;
const SOONEST_LOOK_MS = 20;
/** A picture counts for this long where the server is in trouble; where it is gone for sure, for … */
const TROUBLED_MS = 500;
const GONE_MS = 150;
const GONE = ["closed", "offline"];
/** Connected without a picture: from here on the camera is asked after … */
const ASK_AFTER_MS = 1_000;
const ASK_EVERY_MS = 2_000;
const ASK_AFTER_PICTURE_MS = 400;
/** … and if it is well and nothing arrives, this connection is given up. */
const PICTURE_LIMIT_MS = 5_000;
/** The server learns no sooner than the page that a camera has stopped, and tells it later. */
const STOPPED_LIMIT_MS = 1_000;
/** The camera is back but no picture comes on this connection: after this, a new one. */
const RETURN_LIMIT_MS = 1_500;
/**
 * Data for this long and not one picture of it: this way does not play the stream. Over TCP nothing
 * is lost; a decoder may need its time for large pictures.
 */
const UNDECODED_LIMITS_MS = { webrtc: 4_000, websocket: 8_000 };
/** Pictures for this long are no accident. */
const STEADY_MS = 5_000;

/**
 * Looks twice a second and whenever a picture is late, from `start(link)` to `stop()`, and says what
 * it finds: `on.live()`, `on.steady()` at each look while it lasts, `on.stalled(reason)`,
 * `on.cameraDown(reason)`, and once, for the end, `on.lost(code)` (begin again) or `on.failed(code)`
 * (this way leads to no picture: "connection", "stalled", "undecodable").
 */
export class Watch {
  #api;
  #liveness;
  #connectLimitMs;
  #isUnseen;
  #isPaused;
  #on;
  #now;
  #arrival = new Arrival();
  #framesDecoded = 0;
  #timer = 0;
  /** @type {any} */
  #link = null;
  #isOver = false;

  #hasBegun = false;
  #isLive = false;
  #isCameraDown = false;
  #startedAt;
  #connectedAt = 0;
  #liveAt = 0;
  #stoppedAt = 0;
  #cameraBackAt = 0;
  #askedAt = 0;
  #trouble = NO_REASON;

  /**
   * `liveness` outlasts the try. `isUnseen()`: no picture can be expected now; `isPaused()`: what is
   * decoded is not shown.
   *
   * @param {{api: {health(): Promise<object>}, liveness: import("./liveness.js").Liveness,
   *   connectLimitMs: number, isUnseen?: () => boolean, isPaused?: () => boolean,
   *   on: Record<string, (argument?: any) => void>, now?: () => number}} options
   */
  constructor({ api, liveness, connectLimitMs, isUnseen, isPaused, on, now }) {
    this.#api = api;
    this.#liveness = liveness;
    this.#connectLimitMs = connectLimitMs;
    this.#isUnseen = isUnseen ?? (() => false);
    this.#isPaused = isPaused ?? (() => false);
    this.#on = on;
    this.#now = now ?? (() => performance.now());
    this.#startedAt = this.#now();
    liveness.begin(this.#startedAt);
  }

  start(link) {
    this.#link = link;
    this.#plan();
  }

  /** Of a link that plays already. */
  adopt(link) {
    this.#connectedAt = this.#liveAt = this.#now();
    this.#hasBegun = this.#isLive = true;
    this.start(link);
  }

  stop() {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  // What the link tells

  connected() {
    this.#connectedAt ||= this.#now();
  }

  pictureShown() {
    if (this.#isPaused()) return;
    const now = this.#now();
    this.#hasBegun = true;
    this.#liveness.picture(now);
    this.#arrival.restart();
    if (this.#isLive) return;
    if (!this.#isCameraDown) this.#goLive();
    // What a server keeps of a camera that has stopped is a picture, but not live: ask first.
    else if (now - this.#askedAt > ASK_AFTER_PICTURE_MS) this.#ask();
  }

  /** The server's word for the camera, from health. Returns whether no picture can be expected. */
  cameraIs(health) {
    this.#liveness.expect(health.camera?.fps, this.#now());
    const whyWait = this.#hasBegun ? null : whyJoinersWait(health);
    const reason = isCameraDown(health) ? whyDown(health) : whyWait;
    if (reason) this.cameraDown(reason);
    return reason !== null;
  }

  /** Only so many pictures a second are sent, because this connection is slow. */
  expect(fps) {
    this.#liveness.expect(fps, this.#now());
  }

  cameraDown(reason) {
    this.#isLive = false;
    this.#isCameraDown = true;
    this.#cameraBackAt = 0;
    this.#arrival.restart();
    this.#on.cameraDown(reason);
  }

  /** What others know of the server: live is then only what has just come. NO_REASON: all is well. */
  troubled(reason) {
    this.#trouble = reason;
    if (this.#link) this.#plan();
  }

  /** The video may not play: live is what comes once it may. */
  suspend() {
    this.#isLive = false;
  }

  // Looking

  #plan() {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    const lateInMs = this.#isLive ? this.#liveness.leftMs(this.#now(), this.#soonMs) + 1 : LOOK_MS;
    const inMs = Math.min(LOOK_MS, Math.max(SOONEST_LOOK_MS, lateInMs));
    this.#timer = setTimeout(async () => {
      await this.look(this.#link);
      this.#plan();
    }, inMs);
  }

  get #isTroubled() {
    return this.#trouble !== NO_REASON;
  }

  get #soonMs() {
    if (!this.#isTroubled) return Infinity;
    return GONE.includes(this.#trouble.code) ? GONE_MS : TROUBLED_MS;
  }

  /** Do pictures come, and if not, what is to be done? */
  async look(link) {
    const stats = (await link.stats().catch(() => null)) ?? {};
    const { framesDecoded = 0, framesReceived = 0, bytes = 0 } = stats;
    if (this.#isOver) return;
    // Some browsers do not tell of single frames, or not while the video is out of view.
    if (framesDecoded > this.#framesDecoded) this.pictureShown();
    this.#framesDecoded = framesDecoded;
    const now = this.#now();
    this.#arrival.received(bytes, now);
    if (this.#isUnseen()) {
      this.#liveness.restart(now);
      this.#arrival.restart();
      this.#arrival.recount();
    } else if (this.#arrival.isWasted(framesReceived, framesDecoded, now)) {
      this.#end(() => this.#on.failed("undecodable"));
    } else if (this.#isLive) {
      if (now - this.#liveAt > STEADY_MS) this.#on.steady();
      if (this.#liveness.isStalled(now, this.#soonMs)) await this.#stopped(now);
    } else if (this.#arrival.undecodedMs >= UNDECODED_LIMITS_MS[link.transport]) {
      this.#end(() => this.#on.failed("undecodable"));
    } else if (!this.#connectedAt) {
      if (now - this.#startedAt > this.#connectLimitMs) this.#end(() => this.#on.failed("connection"));
    } else if (this.#isAskDue(now)) {
      await this.#ask();
    }
  }

  #goLive() {
    this.#isLive = true;
    this.#isCameraDown = false;
    this.#liveAt = this.#now();
    this.#stoppedAt = 0;
    this.#on.live();
  }

  #stopped(now) {
    this.#isLive = false;
    this.#stoppedAt = now;
    this.#on.stalled(this.#isTroubled ? this.#trouble : reasonOf("stalled"));
    return this.#ask();
  }

  #isAskDue(now) {
    const everyMs = this.#stoppedAt ? STOPPED_LIMIT_MS : ASK_EVERY_MS;
    return now > Math.max(this.#connectedAt + ASK_AFTER_MS, this.#askedAt + everyMs);
  }

  /** Connected, but no picture: the camera's fault (then wait for it), or this connection's. */
  async #ask() {
    this.#askedAt = this.#now();
    const health = await this.#api.health().catch(() => null);
    if (this.#isOver || this.#isLive) return;
    if (!health) return void this.#end(() => this.#on.lost("server"));
    const now = this.#now();
    if (this.cameraIs(health)) return;
    if (this.#liveness.isFlowing(now)) return void this.#goLive();
    if (this.#isCameraDown) {
      this.#cameraBackAt ||= now;
      if (now - this.#cameraBackAt > RETURN_LIMIT_MS) this.#end(() => this.#on.lost("stalled"));
    } else if (this.#arrival.isArriving(now, this.#liveness.limitMs(now))) {
      return; // it may yet become a picture
    } else if (this.#stoppedAt) {
      if (now - this.#stoppedAt > STOPPED_LIMIT_MS) this.#end(() => this.#on.lost("stalled"));
    } else if (now - this.#connectedAt > PICTURE_LIMIT_MS) {
      this.#end(() => this.#on.failed("stalled"));
    }
  }

  #end(say) {
    this.stop();
    say();
  }
}
