"""`rank_usage.py PREFIX PROGRAM [ARGUMENT...]`: runs the program and writes into PREFIX.<pid> its wall time [s], its CPU
time [s] and the largest size of its resident set [bytes].

mpirun knows nothing of its processes but how they ended, and what is left of them in its own resource usage is that of
the largest, not their sum; so this stands between mpirun and each rank. It waits and takes no time itself. Linux counts
in the size of whoever starts a process, so it imports next to nothing (9 MB, less than any of our programs).
"""

import os
import signal
import sys
import time


def main():
    prefix, command = sys.argv[1], sys.argv[2:]
    started = time.monotonic()
    child = os.posix_spawn(command[0], command, os.environ)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, frame: os.kill(child, received))
    _, status, usage = os.wait4(child, 0)
    wall_s = time.monotonic() - started
    code = os.waitstatus_to_exitcode(status)
    with open(f"{prefix}.{os.getpid()}", "w", encoding="utf-8") as file:
        file.write(f"{wall_s} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss * 1024}\n")  # Linux counts in KiB
    return code if code >= 0 else 128 - code  # as shells tell of signals


sys.exit(main())
