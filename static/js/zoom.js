/**
 * Digital zoom as a view: a point of the picture at `f` (0 to 1 of the frame, each way) is shown at
 * `f * scale + x` or `+ y`. The picture always fills the frame. Pure.
 */

export const MAX_SCALE = 8;
export const WHOLE = Object.freeze({ scale: 1, x: 0, y: 0 });

/** Larger or smaller by `factor`, so that what is at `at` (shown position, `{x, y}`) stays there. */
export function zoomed(view, factor, at = { x: 0.5, y: 0.5 }) {
  const scale = clamp(view.scale * factor, 1, MAX_SCALE);
  const real = scale / view.scale;
  const x = at.x - (at.x - view.x) * real;
  return inside({ scale, x, y: at.y - (at.y - view.y) * real });
}

/** Shifted by a part of the frame. */
export function shifted(view, dx, dy) {
  return inside({ ...view, x: view.x + dx, y: view.y + dy });
}

export function isZoomed({ scale }) {
  return scale > 1.001;
}

/** Where a picture of this size lies in a frame of that size, all of it shown: `{x, y, width, height}`. */
export function contain(frame, picture) {
  return centred(frame, picture, Math.min(...scalesOf(frame, picture)));
}

/** The same as CSS's `object-fit` has it: `contain`, `cover` or `fill`. */
export function fitted(frame, picture, fit) {
  if (fit === "fill") return { x: 0, y: 0, ...frame };
  if (fit === "cover") return centred(frame, picture, Math.max(...scalesOf(frame, picture)));
  return contain(frame, picture);
}

function scalesOf(frame, picture) {
  return [frame.width / picture.width, frame.height / picture.height];
}

function centred(frame, picture, scale) {
  const [width, height] = [picture.width * scale, picture.height * scale];
  return { x: (frame.width - width) / 2, y: (frame.height - height) / 2, width, height };
}

/**
 * From pixels of the picture to pixels of the frame: `{scale, scaleY, x, y}`, letterbox and zoom
 * included.
 */
export function placement(frame, picture, view, fit = "contain") {
  const place = fitted(frame, picture, fit);
  return {
    scale: (place.width / picture.width) * view.scale,
    scaleY: (place.height / picture.height) * view.scale,
    x: place.x * view.scale + view.x * frame.width,
    y: place.y * view.scale + view.y * frame.height,
  };
}

function inside({ scale, x, y }) {
  if (scale <= 1.001) return WHOLE;
  return { scale, x: clamp(x, 1 - scale, 0), y: clamp(y, 1 - scale, 0) };
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}
