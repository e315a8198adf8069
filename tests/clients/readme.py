"""Runs the commands of the README's section "Use it from a program" as they are written, against the real binary.

    python3 tests/clients/readme.py --binary target/debug/geoml-hub
"""

import argparse
import os
import re
import subprocess
import tempfile

from hub import Hub, say

README = os.path.join(os.path.dirname(__file__), "..", "..", "README.md")


def commands():
    """All shell blocks of the section, in order."""
    with open(README, encoding="utf-8") as file:
        section = file.read().split("\n## Use it from a program\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))


def main():
    """Starts a hub, runs the commands, and fails when one of them does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(os.path.abspath(arguments.binary), os.path.join(folder, "data"))
        hub.start()
        try:
            script = commands()
            assert "http://127.0.0.1:8000" in script
            script = script.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{hub.port}")
            result = subprocess.run(
                ["bash", "-xeuo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True, check=False
            )
            assert result.returncode == 0, result.stdout + result.stderr
            found = result.stdout.count('"ana/rain"')
            assert found >= 2, "the searches find nothing: " + result.stdout
            hub.stop()
        finally:
            if hub.process.poll() is None:
                hub.kill()
        assert not hub.trouble(), "".join(hub.trouble())
    say("1 passed, 0 failed")


if __name__ == "__main__":
    main()
