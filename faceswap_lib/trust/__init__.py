"""What says that a video is synthetic."""
