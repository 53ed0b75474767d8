/** Types of `<pet-stream>`, for pages that are written in TypeScript (docs/player.md). */

export type PetStreamState =
  | "connecting"
  | "live"
  | "camera-offline"
  | "reconnecting"
  | "full"
  | "not-allowed"
  | "unsupported"
  | "blocked"
  | "paused"
  | "closed";

export type PetStreamTransport = "webrtc" | "websocket" | "";

/** Something that a detector saw, in pixels of the picture. */
export interface PetStreamBox {
  name: string;
  /** 0 to 1. */
  confidence: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Numbers about the present connection. */
export interface PetStreamStats {
  /** `WebRTC`, `WebCodecs` or `MSE`. */
  way: string;
  width: number;
  height: number;
  framesDecoded: number;
  bytes?: number;
  packets?: number;
  packetsLost?: number;
  /** From capture to display; null while the server's clock is not known. */
  latencyMs?: number | null;
  roundTripMs?: number | null;
}

export interface PetStreamStateDetail {
  state: PetStreamState;
  /** A code, such as `server` or `held`; "" where there is nothing to say. */
  reason: string;
  /** What the server said more. */
  words: string;
  transport: PetStreamTransport;
}

export interface PetStreamDetectionsDetail {
  /** Of the picture, on the server's monotonic clock. */
  captureUs: number;
  /** The same by its wall clock; null until a picture has told it. */
  at: Date | null;
  boxes: PetStreamBox[];
  /** Of the picture. */
  width: number;
  height: number;
}

export interface PetStreamElement extends HTMLElement {
  /** Attributes. */
  src: string;
  camera: string;
  label: string;
  decoder: string;
  pauseAfter: string;
  controls: string;
  autoplay: string;
  fit: string;

  readonly state: PetStreamState;
  readonly transport: PetStreamTransport;
  /** Whether `hold()` has ended the stream. */
  readonly isHeld: boolean;
  readonly video: HTMLVideoElement | null;
  /** Those drawn now. */
  readonly boxes: readonly PetStreamBox[];

  start(): void;
  stop(): void;
  /** Does not wait for the next try. */
  retry(): void;
  /** Ends the stream and keeps its last picture, until `resume()`. */
  hold(): void;
  resume(): void;
  /** Saves a PNG file and returns its name; "" if there is no picture. */
  snapshot(): Promise<string>;
  stats(): Promise<PetStreamStats | null>;
}

declare global {
  interface HTMLElementTagNameMap {
    "pet-stream": PetStreamElement;
  }

  interface HTMLElementEventMap {
    "pet-stream:state": CustomEvent<PetStreamStateDetail>;
    "pet-stream:detections": CustomEvent<PetStreamDetectionsDetail>;
    "pet-stream:size": CustomEvent<{ width: number; height: number }>;
    "pet-stream:snapshot": CustomEvent<{ name: string }>;
    /** `preventDefault()` leaves the whole screen to the page. */
    "pet-stream:fullscreen": CustomEvent<undefined>;
    "pet-stream:signed-in": CustomEvent<undefined>;
  }
}
