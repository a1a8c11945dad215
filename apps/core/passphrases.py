"""Passphrases that one person reads to another."""

import secrets

WORDS = 6  # of four letters and digits each: 119 random bits
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look like another


def new_passphrase() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _place in range(4)) for _word in range(WORDS))
