"""Pages that collect what a record holds: its journal, its experiments, tasks and tags."""
