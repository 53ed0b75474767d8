"""The writer's side of the shared memory: any video source becomes a camera."""
