"""What schemathesis does not know by itself; it loads this by SCHEMATHESIS_HOOKS."""

import schemathesis

schemathesis.serializer.alias(["application/sdp", "application/trickle-ice-sdpfrag"], "text/plain")
