"""The treasury bot alone: it keeps the open positions."""

import sys

from process import main

if __name__ == "__main__":
    sys.exit(main("treasury"))
