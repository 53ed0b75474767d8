"""Knows the files: the folder is the truth, there is no other list.

The entrance is `library`: the list (`listing`, `details`) and one recording to read
(`composite_file`; `cutting` for a part of it, `ready_files` for who reads in many small ranges).
Any thread may use it.

`archive` keeps the folder over time, in the thread `pet-stream-housekeeping` (`housekeeping`):
`ownership` (one process records), `crash_recovery`, `retention` by `ages` that no wrong `clock`
changes, `thumbnails`. `folder_check` and `folder_watch` look at it now and then.

`pictures` decodes, one at a time, for thumbnails and `snapshots`; `turns` keeps what costs much in
a short queue.
"""
