"""Changes to a record: planned as values, shown or applied as a whole, never half done."""
