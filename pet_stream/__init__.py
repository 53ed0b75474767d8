"""Live H.264 camera streaming and recording inside Flask.

    from pet_stream import PetStream
    stream = PetStream(app)

The extension and its parts are imported when `PetStream` is asked for: the command line's help and
the settings need none of them.
"""

from typing import TYPE_CHECKING, Any

from .errors import ConfigError, PetStreamError
from .version import __version__

if TYPE_CHECKING:
    from .extension import PetStream

__all__ = ["ConfigError", "PetStream", "PetStreamError", "__version__"]


def __getattr__(name: str) -> Any:
    """PEP 562."""
    if name != "PetStream":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .extension import PetStream

    return PetStream
