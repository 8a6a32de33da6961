"""Prints the tables of docs/sources.md: python -m dedup_service.source_profiles."""

import sys

from dedup_service.source_profiles.shipped import shipped_profiles
from dedup_service.source_profiles.tables import markdown

if __name__ == "__main__":
    sys.stdout.write(markdown(shipped_profiles()))
