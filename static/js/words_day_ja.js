/** The strip of the day in Japanese. */

export default {
  "day.title": "日付",
  "day.slider": "{day}の時刻",
  "day.keys":
    "矢印キーで移動、Shift と矢印で前後の録画へ移動、+ と - で拡大・縮小、0 で 1 日全体を表示、Page Up と Page Down で日付を変更、End で現在へ移動、Enter で再生します。",
  "day.previous": "前の日",
  "day.next": "次の日",
  "day.choose": "日付を選択",
  "day.month.previous": "前の月",
  "day.month.next": "次の月",
  "day.has": "録画 {count} 件",
  "day.has.kept": "保護 {count} 件",
  "day.closer": "拡大",
  "day.further": "縮小",
  "day.live": "ライブ",
  "day.is.live": "ライブ",
  "day.is.nothing": "録画なし",
  "day.is.gap": "映像の欠落",
  "day.is.running": "録画中",
  "day.is.kept": "録画あり（保護）",
  "day.is.recorded": "録画あり",
  "day.empty": "この日の録画はありません。",
  "day.failed": "録画の情報を読み込めません。",
  "day.left_out": "古い録画 {count} 件は表示していません。",
  "day.list": "録画 {count} 件を一覧で表示",
  "day.list.more": "さらに表示",
};
