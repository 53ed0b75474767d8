"""`python -m pet_stream.command_line`."""

from . import main

main(prog_name="pet-stream")
