"""Which rows and columns of a table are shown, in which order, and how their numbers are."""
