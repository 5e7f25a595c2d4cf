"""What a tool says while it works for more than two seconds.

    progress.py terminal|pipe TERM COMMAND...

Runs the command with a terminal or a pipe as standard error, and TERM as that variable. It is stopped for the two seconds as
soon as it has begun, so that every machine takes as long; where a busy machine has let it end before a line could be shown,
it runs once more. Prints what came there, with \\r as "<", and what clears a line as ">".
"""

import os
import pty
import signal
import subprocess
import sys
import time


def has_begun(process):
    """Whether the thread that tells of progress runs, or the process has ended."""
    try:
        return len(os.listdir(f"/proc/{process.pid}/task")) > 1 or process.poll() is not None
    except FileNotFoundError:
        return True


def read_all(descriptor):
    text = b""
    try:
        while part := os.read(descriptor, 4096):
            text += part
    except OSError:  # of a terminal that nobody else has open
        pass
    return text.decode()


def run(kind, term, command):
    """(exit status, what came)"""
    reader, writer = pty.openpty() if kind == "terminal" else os.pipe()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=writer, env={**os.environ, "TERM": term})
    os.close(writer)
    deadline = time.monotonic() + (60 if shows(kind, term) else 1)
    while not has_begun(process) and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGSTOP)
    time.sleep(2.1)
    process.send_signal(signal.SIGCONT)
    text = read_all(reader)
    os.close(reader)
    return process.wait(), text.replace("\r\n", "\n").replace("\r", "<").replace("\033[K", ">")


def shows(kind, term):
    return kind == "terminal" and term != "dumb"


def main():
    kind, term, *command = sys.argv[1:]
    for _ in range(5):
        status, text = run(kind, term, command)
        if not shows(kind, term) or "<" in text:
            break
    print(f"status {status}: {text}")


if __name__ == "__main__":
    main()
