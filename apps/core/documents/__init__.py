"""Files that people bring and take: spreadsheets in, PDF, encrypted ZIP, evidence files, append-only
files."""
