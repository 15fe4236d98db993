"""Workbooks in OpenDocument's format: ``.ods`` and ``.fods``."""
