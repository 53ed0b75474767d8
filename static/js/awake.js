/** Whether what lies over a picture is shown: for a while after somebody has moved there. */

const AWAKE_MS = 3_000;

/** Sets `data-awake` on `frame`; calls `onChange` with whether it is, too. */
export class Awake {
  #frame;
  #onChange;
  #timer = 0;

  /**
   * @param {HTMLElement} frame
   * @param {(isAwake: boolean) => void} [onChange]
   */
  constructor(frame, onChange = () => {}) {
    this.#frame = frame;
    this.#onChange = onChange;
    frame.addEventListener("pointermove", ({ pointerType }) => {
      if (pointerType !== "touch") this.wake();
    });
    frame.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType !== "touch") this.#sleep();
    });
  }

  wake() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#sleep(), AWAKE_MS);
    this.#set(true);
  }

  toggle() {
    if (this.#frame.hasAttribute("data-awake")) this.#sleep();
    else this.wake();
  }

  #sleep() {
    clearTimeout(this.#timer);
    this.#set(false);
  }

  #set(isAwake) {
    this.#frame.toggleAttribute("data-awake", isAwake);
    this.#onChange(isAwake);
  }
}
