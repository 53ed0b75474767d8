"""Plays a film, as a camera would: the camera of `pet-stream demo`.

    embedded_camera  starts the camera's process and ends it
      camera         that process: writes the film into a ring, over and over
        film         access units and detections, from `film.zip`

`EmbeddedCamera` belongs to one thread, and the camera's process has only one. What draws the film
is no part of the package: `tools/film`, `make film`.
"""
