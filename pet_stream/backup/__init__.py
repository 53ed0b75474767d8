"""What makes a machine this machine: people, settings, stars; as one file, and back again.

    content    what a backup holds, and its file: a small tar archive, read with suspicion. Pure
    machine    the machine's own files: collects them, puts others in their place, or none

The commands `backup`, `restore` and `factory-reset` are the only users. Recordings are not in it.
"""
