"""MP4 files of one H.264 track (ISO/IEC 14496-12 and 14496-15). Pure.

Written, in this order: `video_format` (what is the same for all pictures), `writing` (the start of
a file, its fragments, its index), `fragments` and `index` (the boxes of both), `track` (the `moov`
box), all of them made of `boxes`; `sample_table` holds which pictures are where.

Read: `reading` (what a file shows), `recovery` (what is left of one after a crash). A file may be
anybody's: depth, number and size of its boxes are bounded, and what is wrong is a BitstreamError.
"""
