"""Every metric, read from the parts when Prometheus asks.

    row          one metric: its kind, name, meaning, and how it is read
    old_names    those that dashboards of the old streaming server use: they are fixed
    camera, viewers, files, server
                 our own, by what they are about
    table        all of them, in order
    page         the entrance: the text that Prometheus reads
    collector    the same for a host's exporter; alone needs the client library

The parts count in plain integers (`histogram`, and the `counts` of each), so a metric costs next to
nothing per picture, and nothing per picture and viewer. No label has a value for each viewer or
path, so the number of series does not grow.

The client library's own Counter and Histogram are not used: each exports a `_created` series, which
can only be turned off for the whole process, the host's metrics included.
"""
