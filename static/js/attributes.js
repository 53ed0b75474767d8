/** What the attributes of `<pet-stream>` mean. */

const PAUSE_AFTER_S = 60;

/** Of `pause-after`, in ms; Infinity for never. */
export function pauseAfterMs(attribute) {
  if (attribute === "never") return Infinity;
  const seconds = Number.parseFloat(attribute ?? "");
  return (seconds >= 0 ? seconds : PAUSE_AFTER_S) * 1000;
}

/** Of `ice-servers`: a list in JSON; null if it is none. */
export function iceServersOf(attribute) {
  try {
    const value = JSON.parse(attribute ?? "null");
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** Gives elements of `type` a property for each of these attributes, `pauseAfter` for `pause-after`. */
export function reflect(type, names) {
  for (const name of names) {
    Object.defineProperty(type.prototype, name.replace("-a", "A"), {
      get() {
        return this.getAttribute(name) ?? "";
      },
      set(value) {
        this.setAttribute(name, value);
      },
    });
  }
}
