"""Limits how much clients may use at once, and how often.

    places           of viewers and listeners: live connections renew them, a ticker sweeps
      place          one of them: who takes it, and its lease
      races          the two ways of one page share a place for a moment
    downloads        recordings on their way to clients, while the clients read
    turns            concurrent requests of one kind, in total and for each client
    token_bucket     a rate limit with a burst
    client_network   the address or network that counts as one client

Places and downloads are leases: they come back even if the client never says goodbye, because the
event loop's ticker calls their sweep(). Any thread may use everything but a TokenBucket, which
belongs to one thread.
"""
