"""Draws the film that `pet-stream demo` plays. `make film` writes `pet_stream/demo/film.zip` anew.

    __main__     encodes the pictures, writes the file
      scene      cat, ball, and the picture's number, at each moment of the loop
        room     what stands around them
        cat      one pose
        canvas   the painter: polygons into a frame
        block_code  a number as black and white squares

Tests read the number of a decoded picture by `scene.read_picture_number`.
"""
