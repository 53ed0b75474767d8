"""Plays a film, as a camera would, to a host of its own: `pet-stream demo`.

    command           `demo`, and `run`, which is the same host on a real camera
      embedded_camera starts the camera's process and ends it
        camera        that process: writes the film into a ring, over and over
          film        access units and detections, from `film.zip`
      host            the Flask app: what `web_monitor.py` is on the board
        defaults      settings whose defaults are others than in a host app

The web server is `web_server`, signals in `stop_signals`. What draws the film is no part
of the package: `tools/film`, `make film`.
"""
