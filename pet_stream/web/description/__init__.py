"""What each route takes and answers, for programs and for docs/http.md.

    json_schema     writes JSON schemas
    operation       one request: its parameters, body, answers and errors
    watching, recording, recordings, pause, settings, people, process, legacy
                    what stands in the route table, room by room, and its schemas
    operations      all of them
    errors          which codes each status may have
    document        the OpenAPI document, of the route table and all of these
    messages        the messages of both WebSockets

Loaded when somebody asks. A route of the table that is not described fails a test.
"""
