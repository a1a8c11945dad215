"""What every table and statement shares: advisory locks, statements in one round trip, base models, keyset
pages."""
