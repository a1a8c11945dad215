"""Requests and what surrounds them: middleware, client address, public ids, probes, metrics, requests that
Hegui makes."""
