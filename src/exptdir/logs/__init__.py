"""Logs in other forms than a page: run lists, outlines, tables, version notes, dated journals."""

from exptdir.logs.document import read_log, read_log_text
from exptdir.logs.model import Amendment, Block, Entry, LogDocument, LogError, Metric, Reference, Run, Tag, Task
from exptdir.logs.readers import OWN, Reader, Source, readers, sniff

__all__ = [
    "OWN",
    "Amendment",
    "Block",
    "Entry",
    "LogDocument",
    "LogError",
    "Metric",
    "Reader",
    "Reference",
    "Run",
    "Source",
    "Tag",
    "Task",
    "read_log",
    "read_log_text",
    "readers",
    "sniff",
]
