"""Viewers and listeners over WebSockets: what is sent to them, all of it from the event loop."""
