"""HLS: the last pictures as segments, for players that fetch (RFC 8216, rfc8216bis).

    live_window   the entrance: what can be fetched now, the same for all viewers
      timeline    cuts pictures into segments and parts, and numbers them; pure
      playlists   the text of the playlists; pure
    sessions      who watches: whoever has asked lately

Nothing is made before somebody asks, and nothing is written. The pictures are those of the replay
memory; a part is made into MP4 when the first viewer fetches it. All of it runs in the threads of
requests; the event loop's ticker ends sessions.
"""
