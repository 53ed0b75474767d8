/** The strip of the day in English. */

export default {
  "day.title": "Day",
  "day.slider": "{day}, time",
  "day.keys":
    "Arrows move, with Shift from recording to recording; plus and minus zoom, 0 shows the whole day, Page Up and Page Down change the day, End is now, Enter plays.",
  "day.previous": "Day before",
  "day.next": "Day after",
  "day.choose": "Choose a day",
  "day.month.previous": "Month before",
  "day.month.next": "Month after",
  "day.has": { one: "{count} recording", other: "{count} recordings" },
  "day.has.kept": "{count} kept",
  "day.closer": "Closer",
  "day.further": "Further away",
  "day.live": "Live",
  "day.is.live": "live",
  "day.is.nothing": "nothing recorded",
  "day.is.gap": "pictures are missing",
  "day.is.running": "being recorded",
  "day.is.kept": "recorded, kept",
  "day.is.recorded": "recorded",
  "day.empty": "Nothing was recorded on this day.",
  "day.failed": "What was recorded can't be loaded right now.",
  "day.left_out": { one: "{count} older recording is not shown.", other: "{count} older recordings are not shown." },
  "day.list": { one: "{count} recording as a list", other: "{count} recordings as a list" },
  "day.list.more": "Show more",
};
