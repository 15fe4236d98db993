"""The live preview: a server of pages, beside a process that builds them again and again."""
