"""SDP as checked values, and back. Pure text work; runs in the request's thread.

`offer` reads what a browser sent, within bounds (`candidates`: where it can be reached); of its
formats `h264_format` chooses one; `answer` writes what aiortc gets to see, and puts aiortc's answer
back into the browser's terms.
"""
