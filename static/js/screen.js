/** Where the pictures appear: the `<video>`, or the `<canvas>` when they are decoded one by one. */

export class Screen extends EventTarget {
  #context;

  constructor(video, canvas) {
    super();
    this.video = video;
    this.canvas = canvas;
    this.surface = video;
    this.canvas.hidden = true;
    this.#context = canvas.getContext("2d", { alpha: false });
    video.addEventListener("resize", () => this.#resized());
  }

  /** The picture's own size in pixels; 0 before the first one. */
  get width() {
    return this.surface === this.video ? this.video.videoWidth : this.canvas.width;
  }

  get height() {
    return this.surface === this.video ? this.video.videoHeight : this.canvas.height;
  }

  /** Sends `change` when the other one is used from now on. */
  use(surface) {
    if (surface === this.surface) return;
    this.surface = surface;
    this.video.hidden = surface !== this.video;
    this.canvas.hidden = surface !== this.canvas;
    this.dispatchEvent(new Event("change"));
    this.#resized();
  }

  /** Shows the present picture until the other one is used: the video will have none for a moment. */
  hold() {
    const { surface, video, canvas, width, height } = this;
    if (surface !== video || !width) return;
    Object.assign(canvas, { width, height });
    this.#context.drawImage(video, 0, 0);
    this.use(canvas);
  }

  /** Shows a `VideoFrame`. */
  draw(frame) {
    const { displayWidth: width, displayHeight: height } = frame;
    const isResized = width !== this.canvas.width || height !== this.canvas.height;
    if (isResized) Object.assign(this.canvas, { width, height });
    this.#context.drawImage(frame, 0, 0);
    this.use(this.canvas);
    if (isResized) this.#resized();
  }

  #resized() {
    if (this.width) this.dispatchEvent(new Event("resize"));
  }
}
