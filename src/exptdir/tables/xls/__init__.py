"""Workbooks of Excel's old format: ``.xls``."""
