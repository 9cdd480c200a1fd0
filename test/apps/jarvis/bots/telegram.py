"""The Telegram gateway alone: the one that polls."""

import sys

from process import main

if __name__ == "__main__":
    sys.exit(main("telegram"))
