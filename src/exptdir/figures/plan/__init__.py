"""What is stale and why, in which order it is drawn, and what is written down of it."""
