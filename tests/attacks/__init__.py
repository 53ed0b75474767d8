"""Each attack that once worked, as a regression test: what a stranger sends, and that nobody else
notices. All of it on loopback."""
