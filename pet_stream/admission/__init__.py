"""Who may have how much at once. What is taken is a lease, given back without anybody's goodwill.

places           of viewers and listeners: live connections renew them, a ticker sweeps
downloads        recordings on their way to clients, for as long as their clients take them
turns            how much of one kind of work goes on at once, and for one client
token_bucket     how often something may be done
client_network   what one client is known by
"""
