"""The embedded camera of `pet-stream demo`: plays a film as a camera would.

    embedded_camera  starts the camera's process and ends it
      camera         that process: writes the film into a ring, over and over
        film         access units and detections, from `film.zip`

`EmbeddedCamera` belongs to one thread; the camera's process has only one. The film is drawn by
`make film` (`tools/film`), which is not part of the package.
"""
