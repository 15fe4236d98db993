"""Plot scripts and the figures that they draw: what is stale and why, and how it is drawn again."""
