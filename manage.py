#!/usr/bin/env python
"""The command line of a checkout."""

import sys

from config.command_line import main

if __name__ == "__main__":
    sys.exit(main())
