"""What tests ask the page's player, in any browser."""

from __future__ import annotations

PLAYER = "document.querySelector('pet-stream')"
STATE = f"{PLAYER}?.dataset.playerState"
TRANSPORT = f"{PLAYER}.dataset.playerTransport"
STATS = f"{PLAYER}.stats()"
VEIL = f"{PLAYER}.shadowRoot.querySelector('.veil').innerText"
BADGE = f"{PLAYER}.shadowRoot.querySelector('.badge').innerText"

DISTINCT_PICTURES = """new Promise((resolve) => {
    const { video, shadowRoot } = document.querySelector('pet-stream');
    const drawn = shadowRoot.querySelector('canvas.picture');
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [64, 36];
    const context = canvas.getContext('2d', { willReadFrequently: true });
    const seen = new Set();
    const ends = performance.now() + 2000;
    const look = () => {
        context.drawImage(drawn.hidden ? video : drawn, 0, 0, 64, 36);
        seen.add(context.getImageData(0, 0, 64, 36).data.join());
        if (performance.now() < ends) setTimeout(look, 10);
        else resolve(seen.size);
    };
    look();
})"""
"""How many different pictures are on screen in two seconds."""

LIST = "document.querySelector('pet-stream-recordings').shadowRoot"
RECORDER = "document.querySelector('pet-stream-recorder').shadowRoot"
RECORDED = f"{RECORDER}.querySelector('[data-record-time]').innerText"
A_SECOND_RECORDED = f"{RECORDED} >= '0:01'"

HIDE = """(isHidden) => {
    Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""
"""A headless page is always in front: say that it is not, or is again."""
