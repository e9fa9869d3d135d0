"""``python -m codex.cli`` is ``codexctl``."""

from codex.cli.app import main

if __name__ == "__main__":
    main()
