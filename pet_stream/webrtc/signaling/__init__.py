"""SDP as checked values, and back. Pure text work; owns no state.

    offer          the entrance: reads what a browser sent, within bounds
      candidates   where the browser can be reached
    fragment       candidates that come later, in SDP
    h264_format    chooses one of the offered formats
    answer         writes the offer that aiortc sees, and puts its answer into the browser's terms

Offers are read in the request's thread, answers are written on the event-loop thread.
"""
