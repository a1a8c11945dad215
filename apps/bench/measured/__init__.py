"""Sites that granian serves for a benchmark: outside of `bench`, whose modules want a Django that is set
up."""
