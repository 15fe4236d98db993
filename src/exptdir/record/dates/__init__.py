"""Dates as people write them: in the titles of entries, in directives, in references and in metadata."""

from exptdir.record.dates.context import DateContext, OrderEvidence, infer_direction, infer_order
from exptdir.record.dates.titles import TitleDate, days_of_name, heading_year, parse_date, parse_title_date, update_date

__all__ = [
    "DateContext",
    "OrderEvidence",
    "TitleDate",
    "days_of_name",
    "heading_year",
    "infer_direction",
    "infer_order",
    "parse_date",
    "parse_title_date",
    "update_date",
]
