"""Run the command line: `python -m autograd_tutorial`."""

import sys

from autograd_tutorial.command_line import main

if __name__ == "__main__":
    sys.exit(main())
