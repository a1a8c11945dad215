"""Time: the clock, working days, timestamps that other systems send."""
