"""How hypothesis runs here: a busy machine is no reason to fail."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "pet_stream", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("pet_stream")
