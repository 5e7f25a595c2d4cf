"""Commands of a test that is a script: what fails ends it."""

import subprocess
import sys


def run(*command, status=0, **options):
    """Runs a command, whose exit status must be `status`, and gives what it printed."""
    command = [str(part) for part in command]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if result.returncode != status:
        sys.exit(f"error: {' '.join(command)}\nexit status {result.returncode}, expected {status}\n{result.stdout}")
    return result.stdout


def expect(condition, message):
    if not condition:
        sys.exit(f"error: {message}")
