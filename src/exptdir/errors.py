"""The exception tree: everything that exptdir raises on purpose descends from :class:`ExptdirError`."""

from __future__ import annotations


class ExptdirError(Exception):
    """Base of all errors that exptdir raises; its text is fit to be shown to the author."""


class ReferenceSyntaxError(ExptdirError):
    """The text of a reference does not follow the grammar."""


class MetadataError(ExptdirError):
    """A file that holds facts about an experiment cannot be read."""


class TableError(ExptdirError):
    """A spreadsheet, or the part of it that was asked for, cannot be shown."""


class EmptySheetError(TableError):
    """No cell of a sheet holds anything."""


class AssetError(ExptdirError):
    """A file that a document shows is missing, unreadable or out of bounds."""


class ConfigurationError(ExptdirError):
    """A configuration value has the wrong type or is not one of those allowed."""


class EditError(ExptdirError):
    """A change to the record cannot be made; nothing was changed."""


class RecordBusyError(EditError):
    """Another command is writing to the record."""
