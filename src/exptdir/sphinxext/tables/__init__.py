"""Tables on pages: the directive, the role, and how each builder shows cells."""
