/** Every text of the page, in one small dictionary; `{name}` is replaced, counts choose a plural. */

const EN = {
  "page.title": "Pet camera",
  "player.label": "Live picture of the camera",
  "player.fullscreen": "Full screen",
  "player.retry": "Try again now",
  "player.live": "Live",
  "player.last": "Last picture at {time}",
  "player.in": "Trying again in {seconds} s",
  "player.now": "Trying again now",
  "player.live.fallback": "Live, compatibility mode",
  "player.controls": "Picture controls",
  "player.boxes": "Show what was detected",
  "player.snapshot": "Save a picture",
  "player.quality": "Picture quality",
  "player.small": "Small window",
  "player.whole": "Whole picture",
  "player.keys":
    "Keys: F full screen, P small window, S save a picture, B detections, I quality, plus and minus zoom, arrows move.",

  "quality.title": "Picture quality",
  "quality.picture": "Picture",
  "quality.rate": "Rate",
  "quality.data": "Data",
  "quality.loss": "Loss",
  "quality.delay": "Delay",
  "quality.way": "Way",
  "quality.direct": "Direct ({way})",
  "quality.relayed": "By WebSocket ({way})",

  "class.cat": "cat",
  "class.dog": "dog",
  "class.person": "person",
  "class.bird": "bird",
  "class.sports ball": "ball",
  "class.bowl": "bowl",

  "connecting.title": "Connecting",
  "connecting.text": "The picture is on its way.",
  "connecting.websocket.text": "Taking the way that works in every browser and network.",
  "live.title": "Live",
  "live.text": "",
  "camera-offline.title": "Camera is offline",
  "camera-offline.text": "The picture comes back by itself as soon as the camera sends again.",
  "reconnecting.title": "Connection lost",
  "reconnecting.text": "Reconnecting by itself.",
  "reconnecting.server.title": "Server not reachable",
  "reconnecting.server.text": "Is it running, and are you on the same network?",
  "reconnecting.refused.title": "The server could not answer",
  "reconnecting.stalled.title": "The picture has stopped",
  "reconnecting.stalled.text": "Finding out why and bringing it back.",
  "full.title": "All places are taken",
  "full.text": "The camera has as many viewers as it can serve. You are next when one leaves.",
  "not-allowed.title": "Not allowed",
  "not-allowed.text": "The server does not show the camera to this page.",
  "not-allowed.origin.text": "Open the camera at its own address; other sites may not show it.",
  "unsupported.title": "This browser can't show the picture",
  "unsupported.text":
    "The camera sends H.264, which this browser does not play. Chrome, Edge, Firefox and Safari do.",
  "blocked.title": "Paused by the browser",
  "blocked.text": "It starts no video by itself, perhaps to save power.",
  "blocked.button": "Show the picture",
  "paused.title": "Paused",
  "paused.text": "Nobody was looking. It goes on as soon as this page is in front again.",
  "paused.button": "Show the picture",
  "closed.title": "Stopped",
  "closed.text": "",
  "closed.button": "Show the picture",

  "record.label": "Record",
  "record.panel": "Recorder",
  "record.idle": "Ready to record",
  "record.idle.note": "Saved on the camera's server.",
  "record.starting": "Starting…",
  "record.stopping": "Saving…",
  "record.waiting": "Waiting for the camera",
  "record.waiting.note": "Begins with the first picture.",
  "record.recording": "Recording",
  "record.unknown": "Recorder not reachable",
  "record.unknown.note": "Its state shows again when the server answers.",
  "record.saved": "Saved {name}, {duration}, {size}.",
  "record.ended": "The recording ended: {reason}",
  "record.failed": "That did not work: {reason}",
  "record.elsewhere": "A recording was started elsewhere.",
  "record.started": "Recording started.",
  "record.title": "● Recording",

  "recordings.title": "Recordings",
  "recordings.count": { one: "{count} recording, {size}", other: "{count} recordings, {size}" },
  "recordings.empty": "No recordings yet",
  "recordings.empty.text": "Press the red button, and the clip appears here, ready to download.",
  "recordings.failed": "The list can't be loaded right now.",
  "recordings.download": "Download",
  "recordings.download.of": "Download recording of {time}",
  "recordings.running": "Recording now",
  "recordings.recovered": "Recovered",
  "recordings.play.of": "Play recording of {time}",
  "recordings.star": "Keep: never deleted by itself",
  "recordings.delete.of": "Delete recording of {time}",
  "recordings.delete.sure": "Delete for good?",
  "recordings.remove": "Delete",
  "recordings.keep": "Keep",
  "recordings.deleted": "The recording is deleted.",
  "recordings.disk": "{size} free on the disk",
  "playback.close": "Close",
  "playback.failed": "This browser can't play the recording.",
  "clip.save": "Save the last {seconds} s",
  "clip.saving": "Saving…",
  "clip.empty": "There is nothing to save: no picture came just now.",
  "recordings.older": "Show {count} older",
  "recordings.raw": "H.264 files play in VLC, mpv and ffplay.",

  "health.live": "Camera live",
  "health.offline": "Camera offline",
  "health.waiting": "Camera is starting",
  "health.degraded": "Running with problems",
  "health.unreachable": "Server not reachable",
  "health.since": "since {time}",
  "health.checking": "Checking the camera",
  "health.viewers": { one: "{count} viewer", other: "{count} viewers" },
};

const JA = {
  "page.title": "ペットカメラ",
  "player.label": "カメラのライブ映像",
  "player.fullscreen": "全画面表示",
  "player.retry": "今すぐ再試行",
  "player.live": "ライブ",
  "player.last": "最後の映像 {time}",
  "player.in": "{seconds} 秒後に再試行します",
  "player.now": "再試行しています",
  "player.live.fallback": "ライブ（互換）",
  "player.controls": "映像の操作",
  "player.boxes": "検出結果を表示",
  "player.snapshot": "静止画を保存",
  "player.quality": "画質の情報",
  "player.small": "小さなウィンドウ",
  "player.whole": "全体を表示",
  "player.keys":
    "キー操作: F 全画面、P 小さなウィンドウ、S 静止画を保存、B 検出結果、I 画質の情報、+ と - で拡大縮小、矢印で移動。",

  "quality.title": "画質の情報",
  "quality.picture": "解像度",
  "quality.rate": "フレーム",
  "quality.data": "データ量",
  "quality.loss": "損失",
  "quality.delay": "遅延",
  "quality.way": "経路",
  "quality.direct": "直接（{way}）",
  "quality.relayed": "WebSocket（{way}）",

  "class.cat": "猫",
  "class.dog": "犬",
  "class.person": "人",
  "class.bird": "鳥",
  "class.sports ball": "ボール",
  "class.bowl": "ボウル",

  "connecting.title": "接続中",
  "connecting.text": "まもなく映像が表示されます。",
  "connecting.websocket.text": "どのブラウザーやネットワークでも使える方法で接続しています。",
  "live.title": "ライブ",
  "live.text": "",
  "camera-offline.title": "カメラはオフラインです",
  "camera-offline.text": "カメラが復帰すると、映像は自動的に戻ります。",
  "reconnecting.title": "接続が切れました",
  "reconnecting.text": "自動的に再接続します。",
  "reconnecting.server.title": "サーバーに接続できません",
  "reconnecting.server.text": "サーバーの起動と、同じネットワークにいることを確認してください。",
  "reconnecting.refused.title": "サーバーが応答できませんでした",
  "reconnecting.stalled.title": "映像が止まりました",
  "reconnecting.stalled.text": "原因を調べて復旧しています。",
  "full.title": "満員です",
  "full.text": "同時に視聴できる人数に達しました。空きができしだい表示します。",
  "not-allowed.title": "許可されていません",
  "not-allowed.text": "このページからカメラを見ることはできません。",
  "not-allowed.origin.text": "カメラ本来のアドレスで開いてください。",
  "unsupported.title": "このブラウザーでは再生できません",
  "unsupported.text":
    "映像は H.264 です。Chrome、Edge、Firefox、Safari をお使いください。",
  "blocked.title": "ブラウザーが停止しました",
  "blocked.text": "省電力などのため、自動再生が止められています。",
  "blocked.button": "映像を表示",
  "paused.title": "一時停止中",
  "paused.text": "ページが表示されていなかったため停止しました。表示すると再開します。",
  "paused.button": "映像を表示",
  "closed.title": "停止中",
  "closed.text": "",
  "closed.button": "映像を表示",

  "record.label": "録画",
  "record.panel": "レコーダー",
  "record.idle": "録画できます",
  "record.idle.note": "カメラのサーバーに保存されます。",
  "record.starting": "開始しています…",
  "record.stopping": "保存しています…",
  "record.waiting": "カメラを待っています",
  "record.waiting.note": "最初の映像から録画します。",
  "record.recording": "録画中",
  "record.unknown": "録画の状態を取得できません",
  "record.unknown.note": "サーバーが応答すると表示されます。",
  "record.saved": "{name} を保存しました（{duration}、{size}）。",
  "record.ended": "録画が終了しました: {reason}",
  "record.failed": "失敗しました: {reason}",
  "record.elsewhere": "別の場所で録画が始まりました。",
  "record.started": "録画を開始しました。",
  "record.title": "● 録画中",

  "recordings.title": "録画一覧",
  "recordings.count": "{count} 件、{size}",
  "recordings.empty": "録画はまだありません",
  "recordings.empty.text": "赤いボタンを押すと録画され、ここからダウンロードできます。",
  "recordings.failed": "一覧を読み込めません。",
  "recordings.download": "ダウンロード",
  "recordings.download.of": "{time} の録画をダウンロード",
  "recordings.running": "録画中",
  "recordings.recovered": "復元済み",
  "recordings.play.of": "{time} の録画を再生",
  "recordings.star": "保護する（自動では削除されません）",
  "recordings.delete.of": "{time} の録画を削除",
  "recordings.delete.sure": "削除しますか？元に戻せません。",
  "recordings.remove": "削除",
  "recordings.keep": "残す",
  "recordings.deleted": "録画を削除しました。",
  "recordings.disk": "空き容量 {size}",
  "playback.close": "閉じる",
  "playback.failed": "このブラウザーではこの録画を再生できません。",
  "clip.save": "直前の {seconds} 秒を保存",
  "clip.saving": "保存しています…",
  "clip.empty": "保存できる映像がありません。",
  "recordings.older": "以前の {count} 件を表示",
  "recordings.raw": "H.264 ファイルは VLC、mpv、ffplay で再生できます。",

  "health.live": "カメラは正常です",
  "health.offline": "カメラはオフラインです",
  "health.waiting": "カメラを起動しています",
  "health.degraded": "問題があります",
  "health.unreachable": "サーバーに接続できません",
  "health.since": "{time} から",
  "health.checking": "カメラを確認しています",
  "health.viewers": "視聴者 {count} 人",
};

const DICTIONARIES = { en: EN, ja: JA };

let current = choose(globalThis.navigator?.languages ?? []);

/** The first of the wanted languages that there is a dictionary for. */
export function choose(wanted) {
  const short = wanted.map((tag) => tag.split("-")[0].toLowerCase());
  return short.find((tag) => tag in DICTIONARIES) ?? "en";
}

export function language() {
  return current;
}

export function setLanguage(tag) {
  current = choose([tag]);
}

export function hasText(key) {
  return key in EN;
}

/** The text of `key`; `values.count`, where there is one, chooses between singular and plural. */
export function text(key, values = {}) {
  let entry = DICTIONARIES[current][key] ?? EN[key] ?? key;
  if (typeof entry === "object") {
    entry = entry[new Intl.PluralRules(current).select(values.count)] ?? entry.other;
  }
  return entry.replace(/\{(\w+)\}/g, (match, name) => values[name] ?? match);
}

/** Translates what the template marked: `data-text` (content), `data-label` (accessible name). */
export function translate(root) {
  for (const node of root.querySelectorAll("[data-text]")) {
    node.textContent = text(node.dataset.text);
  }
  for (const node of root.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", text(node.dataset.label));
  }
}

export const dictionaries = DICTIONARIES;
