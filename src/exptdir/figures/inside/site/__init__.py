"""A directory for ``PYTHONPATH``: it brings the trace to the Python processes that a script starts."""
