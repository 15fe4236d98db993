"""One run of one script: its process, its bounds, and the figures that it must not spoil."""
