/** One try to get the pictures over a WebSocket: the way that works where WebRTC does not. */

import { ApiError } from "./api.js";
import { Beginning } from "./beginning.js";
import { whyNoSocket } from "./camera.js";
import { codeOf, parseText, parseUnit, statusOf } from "./stream_messages.js";
import { WebCodecsPlayer } from "./webcodecs.js";

const PLAYERS = {
  webcodecs: async () => WebCodecsPlayer,
  mse: async () => (await import("./mse.js")).MsePlayer,
};
const OPEN_LIMIT_MS = 8_000;
/** The network is slower than the camera: what waits on its way is given up. */
const MAX_BEHIND_MS = 2_000;
const MAX_BEHIND_FOR_MS = 3_000;

/**
 * Calls `on.connected()`, `on.arrived()` with each picture that comes while another way has the
 * screen, `on.picture({captureUs})` for each one shown, `on.camera({camera,
 * reason})` when the server says how the camera is, `on.thinned(fps)` when it sends only so many
 * because this connection is slow (null: all again), `on.decoderFailed(way)` for each that does not
 * play, and `on.ended(error)` once, at the end.
 */
export class SocketLink {
  transport = "websocket";
  #api;
  #screen;
  #on;
  #decoders;
  #race;
  #isReserve;
  #isToBegin = false;
  /** @type {WebSocket|null} */
  #socket = null;
  /** @type {any} */
  #player = null;
  #beginning = new Beginning();
  /** @type {any} */
  #format = null;
  #queue = Promise.resolve();
  #timer = 0;
  /** @type {any} */
  #refusal = null;
  #isOpen = false;
  #isClosed = false;
  #bytes = 0;
  /** @type {number|null} */
  #lastSequence = null;
  #lost = 0;
  #isThinned = false;
  #units = 0;
  #shown = { captureUs: 0, wallUs: 0 };
  #leastDelayMs = Infinity;
  #behindSince = 0;
  /** @type {number|null} */
  #lastLatencyUs = null;

  /**
   * `decoders`: `webcodecs`, `mse`, or both; the first one that plays the format is taken. `race`:
   * names the try, where there is another way beside this one; `isReserve`: that one has the screen,
   * until `choose()`.
   */
  constructor({ api, screen, decoders, race = "", isReserve = false, on }) {
    this.#api = api;
    this.#screen = screen;
    this.#on = on;
    this.#decoders = [...decoders];
    this.#race = race;
    this.#isReserve = isReserve;
  }

  /** The decoder in use. */
  get way() {
    return this.#decoders[0];
  }

  async open() {
    const socket = (this.#socket = this.#api.openStream(this.#race));
    socket.binaryType = "arraybuffer";
    PLAYERS[this.#decoders[0]]().catch(() => {}); // fetched meanwhile; who needs it asks again
    this.#timer = setTimeout(() => this.#end(new ApiError("no answer")), OPEN_LIMIT_MS);
    socket.onopen = () => {
      clearTimeout(this.#timer);
      this.#isOpen = true;
      this.#on.connected();
    };
    socket.onmessage = ({ data }) => {
      this.#queue = this.#queue.then(() => this.#take(data)).catch((error) => this.#end(error));
    };
    socket.onclose = ({ code }) => this.#closed(code);
  }

  /** The screen is this one's. */
  choose() {
    this.#isToBegin = this.#isReserve;
    this.#isReserve = false;
  }

  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#player?.close();
  }

  /** Nothing to do when autoplay is refused but to ask again. */
  async play() {
    if (this.#screen.surface === this.#screen.video) await this.#screen.video.play();
  }

  async stats() {
    const { width, height } = this.#screen;
    return {
      framesDecoded: this.#player?.framesDecoded ?? 0,
      width,
      height,
      bytes: this.#bytes,
      packetsLost: this.#lost + (this.#player?.framesDropped ?? 0),
      packets: this.#units,
      latencyMs: this.#latencyMs(),
      way: this.#player?.name ?? "",
    };
  }

  async #take(data) {
    if (this.#isClosed) return;
    if (typeof data === "string") return void (await this.#takeText(parseText(data)));
    if (this.#isReserve && this.#format) this.#on.arrived(); // which may choose it
    if (this.#isReserve || this.#isClosed) return;
    if (this.#isToBegin && this.#format) await this.#begin();
    this.#takeUnit(parseUnit(data));
  }

  async #begin() {
    this.#isToBegin = false;
    this.#player ??= await this.#makePlayer();
    this.#player?.configure(this.#format);
  }

  async #takeText(message) {
    if (message?.type === "format") {
      this.#format = message;
      if (this.#isReserve) await this.#findPlayer();
      else await this.#begin();
    } else if (message?.type === "status") {
      this.#on.camera(message);
    } else if (message?.type === "thinned") {
      this.#isThinned = message.fps !== null;
      this.#on.thinned(message.fps);
    } else if (message?.type === "error") {
      this.#refusal = message; // the close code follows
    }
  }

  async #makePlayer() {
    const Player = await this.#findPlayer();
    if (this.#isClosed) return null;
    const player = new Player(this.#screen, {
      onPicture: (picture) => this.#showed(picture),
      onError: (error) => this.#playerFailed(error),
    });
    this.#on.playing();
    return player;
  }

  /** Throws ApiError if nothing here plays this format. */
  async #findPlayer() {
    while (this.#decoders.length) {
      const Player = await PLAYERS[this.#decoders[0]]();
      if (await Player.plays(this.#format)) return Player;
      this.#on.decoderFailed(this.#decoders.shift());
    }
    throw new ApiError("no decoder for this format", { code: "undecodable" });
  }

  /**
   * It begins anew where it may, or the next kind of player takes over at the next IDR; without one
   * this try has failed.
   */
  #playerFailed(error) {
    if (this.#isClosed) return;
    const again = this.#beginning.failed(this.#player.framesDecoded);
    this.#player.close();
    this.#player = null;
    if (!again) this.#on.decoderFailed(this.#decoders.shift());
    if (!this.#decoders.length) {
      return void this.#end(new ApiError(error.message, { code: "undecodable" }));
    }
    this.#queue = this.#queue
      .then(async () => {
        this.#player = await this.#makePlayer();
        this.#player?.configure(this.#format);
      })
      .catch((failure) => this.#end(failure));
  }

  #takeUnit(unit) {
    this.#units += 1;
    this.#bytes += unit.data.length;
    if (this.#lastSequence !== null && !this.#isThinned) {
      this.#lost += Math.max(0, ((unit.sequence - this.#lastSequence) >>> 0) - 1) % 0x8000;
    }
    this.#lastSequence = unit.sequence;
    this.#shown = { captureUs: unit.captureUs, wallUs: unit.wallUs };
    this.#watchDelay(unit);
    this.#player?.add(this.#beginning.at(unit));
  }

  /** Arrival against capture, compared with the best so far: the clocks need not agree. */
  #watchDelay({ captureUs }) {
    const now = performance.now();
    const delayMs = now - captureUs / 1000;
    this.#leastDelayMs = Math.min(this.#leastDelayMs, delayMs);
    if (delayMs - this.#leastDelayMs < MAX_BEHIND_MS) this.#behindSince = now;
    else if (now - this.#behindSince > MAX_BEHIND_FOR_MS) this.#end(new ApiError("too slow"));
  }

  #showed(picture) {
    const { captureUs, wallUs } = this.#shown;
    const shownWallUs = wallUs - (captureUs - picture.captureUs);
    const atUs = (performance.timeOrigin + performance.now()) * 1000;
    this.#lastLatencyUs = atUs - shownWallUs;
    this.#on.picture({ ...picture, wallMs: shownWallUs / 1000 });
  }

  /** Capture to display; null as long as the server's clock is not known. */
  #latencyMs() {
    const { clockOffsetMs } = this.#api;
    if (this.#lastLatencyUs === null || clockOffsetMs === null) return null;
    return this.#lastLatencyUs / 1000 + clockOffsetMs;
  }

  async #closed(closeCode) {
    if (!this.#isOpen) this.#refusal ??= await this.#whyNotOpened();
    const refusal = { status: statusOf(closeCode), ...this.#refusal };
    const { status, error = "closed", code, retry_after_s: retryAfterS } = refusal;
    this.#end(new ApiError(error, { status, code: code ?? codeOf(closeCode), retryAfterS }));
  }

  /** A handshake that fails tells a page nothing. */
  async #whyNotOpened() {
    const why = whyNoSocket(await this.#api.health().catch(() => ({})));
    return why && { status: 503, error: why.words, code: why.code };
  }

  #end(error) {
    if (this.#isClosed) return;
    const wasOpen = this.#isOpen;
    this.close();
    this.#on.ended(error, wasOpen);
  }
}
