"""A picture's way to one viewer's socket. On the event-loop thread; nothing here waits.

- `ladder` chooses a viewer's `sender` when it connects: `fast_sender`, or aiortc's own behind
  `stock_sender`.
- The fast one: `packet_stream` has the picture's packets, the same for all; `send_queue` sends them
  at once, or spread by `pacer`; `route` calls the kernel, below the `failed_steps`.
- What viewers say to that: `congestion` judges, `repair` sends again, `sender_reports` measure.
"""
