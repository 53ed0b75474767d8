"""A host with pet_stream in it, for servers of Flask apps. Settings come from FLASK_PET_STREAM_*.

python -m benchmarks.attacks.host 8080          its own app.run(threaded=True)
gunicorn benchmarks.attacks.host:app
"""

from __future__ import annotations

import sys

from flask import Flask

from pet_stream import PetStream

app = Flask("host", static_folder=None)
app.config.from_prefixed_env()
PetStream(app)


@app.get("/")
def index() -> str:
    return "<!doctype html><title>attacked</title>"


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
