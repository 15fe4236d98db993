"""Logs in other forms on pages: the directive that shows one, its nodes, and such a log as a document of its own."""
