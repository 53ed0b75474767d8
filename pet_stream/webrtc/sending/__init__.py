"""A picture's way to one viewer's socket.

    ladder               the entrance: chooses a viewer's `sender` when it connects
      stock_sender       aiortc's own sender, for viewers that the fast one can't serve
      fast_sender        sends packets that all viewers share
        packet_stream    a picture's packets, numbered, and those sent lately
        send_queue       sends them at once, or spread in time by `pacer`
        route            calls the kernel, by the first step that has not lately failed
          failed_steps   which steps those are
        repair           sends again what a viewer has missed
          congestion     judges how much of that its link can take
        slow_way         whether its link carries the stream, or entry points only
        sender_reports   measure the round trip

Everything here belongs to the event-loop thread, and nothing here waits.
"""
