"""Benchmarks: our code against the least work that any program would have to do. No part of a site, nor of
the package."""
