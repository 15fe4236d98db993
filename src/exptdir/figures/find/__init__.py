"""Which plot scripts a record has, and which figures its documents show."""
