"""Live H.264 camera streaming and recording inside Flask.

from pet_stream import PetStream
stream = PetStream(app)
"""

from .errors import ConfigError, PetStreamError
from .extension import PetStream
from .version import __version__

__all__ = ["ConfigError", "PetStream", "PetStreamError", "__version__"]
