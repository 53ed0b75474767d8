/** The picture outside of its place: as a file, in a small window, on the whole screen. */

/**
 * Saves what is on screen, at the camera's full size and without boxes, as a PNG file. Returns its
 * name; "" if there is no picture.
 *
 * @param {{ surface: CanvasImageSource, width?: number, height?: number }} screen
 * @param {Date} [now]
 */
export async function saveSnapshot({ surface, width = 0, height = 0 }, now = new Date()) {
  if (!width) return "";
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  canvas.getContext("2d")?.drawImage(surface, 0, 0, width, height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = snapshotName(now);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return link.download;
}

/** `snapshot_20261122_140305.png`, local time, as recordings are named. */
export function snapshotName(date) {
  const two = (value) => String(value).padStart(2, "0");
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(two).join("");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join("");
  return `snapshot_${day}_${time}.png`;
}

export function hasSmallWindow() {
  return Boolean(document.pictureInPictureEnabled);
}

/** Picture in picture, or back. Pictures that are drawn on a canvas go through the video, too. */
export async function toggleSmallWindow({ surface, video, canvas }) {
  if (document.pictureInPictureElement) return document.exitPictureInPicture();
  if (surface === canvas) {
    video.srcObject = canvas.captureStream();
    const end = () => (video.srcObject = null);
    video.addEventListener("leavepictureinpicture", end, { once: true });
    await video.play();
  }
  return video.requestPictureInPicture();
}

export function hasFullScreen(frame, video) {
  return Boolean(frame.requestFullscreen || video.webkitEnterFullscreen);
}

export function toggleFullScreen(frame, video) {
  if (frame.getRootNode().fullscreenElement) return document.exitFullscreen();
  if (frame.requestFullscreen) return frame.requestFullscreen();
  return video.webkitEnterFullscreen(); // an iPhone shows only the video itself
}
