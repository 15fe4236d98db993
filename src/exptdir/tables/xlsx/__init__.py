"""Workbooks of Excel's format: ``.xlsx`` and ``.xlsm``."""
