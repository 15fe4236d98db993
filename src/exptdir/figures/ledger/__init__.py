"""What is known of figures: the ledger beside each log, and what this machine alone remembers."""
