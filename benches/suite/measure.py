"""Runs one command and says what it cost, as one line of JSON: wall and CPU seconds of the whole tree of
processes, its peak resident and private (anonymous) memory, and how it ended.

usage: measure.py OUTPUT WORK NAME FOLDER COMMAND...

Memory is sampled every few milliseconds and summed over the tree; what lives shorter than a sample is not seen,
but the largest single process is never missed (the kernel keeps its peak). Knows nothing of what it runs.
"""

import json
import os
import sys
import threading
import time

FAST, SLOW = 0.001, 0.008


def status(pid):
    """VmRSS and RssAnon of a process, in KiB; nothing where it is gone."""
    rss = anon = 0
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            for line in file:
                if line.startswith(b"VmRSS:"):
                    rss = int(line.split()[1])
                elif line.startswith(b"RssAnon:"):
                    anon = int(line.split()[1])
                    break
    except (OSError, ValueError):
        pass
    return rss, anon


def tree(root):
    """The process and all its descendants."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                    waiting.extend(int(child) for child in file.read().split())
        except OSError:
            pass
    return found


class Sampler(threading.Thread):
    def __init__(self, root):
        super().__init__(daemon=True)
        self.root, self.rss, self.anon, self.done = root, 0, 0, threading.Event()

    def run(self):
        begin = time.monotonic()
        while True:
            sums = [sum(column) for column in zip(*map(status, tree(self.root)))]
            self.rss, self.anon = max(self.rss, sums[0]), max(self.anon, sums[1])
            if self.done.wait(FAST if time.monotonic() - begin < 0.5 else SLOW):
                return


def run(command, folder, log):
    """Runs it with its output thrown away and its messages kept."""
    ready, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go)
        os.read(ready, 1)
        os.chdir(folder)
        null = os.open(os.devnull, os.O_RDWR)
        errors = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for target, source in ((0, null), (1, null), (2, errors)):
            os.dup2(source, target)
        try:
            os.execvp(command[0], command)
        except OSError as error:
            os.write(2, f"{command[0]}: {error.strerror}\n".encode())
            os._exit(127)
    os.close(ready)
    sampler = Sampler(pid)
    begin = time.monotonic()
    os.close(go)
    # The child is this interpreter until it has become the command: memory counts from then on.
    own = os.readlink("/proc/self/exe")
    while time.monotonic() - begin < 1:
        try:
            if os.readlink(f"/proc/{pid}/exe") != own:
                break
        except OSError:
            break
    sampler.start()
    _, ended, usage = os.wait4(pid, 0)
    wall = time.monotonic() - begin
    sampler.done.set()
    sampler.join()
    return {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        # `ru_maxrss` of a forked child begins at its parent's size, so it counts only above that.
        "rss": max(sampler.rss, usage.ru_maxrss if usage.ru_maxrss > 40_000 else 0),
        "anon": sampler.anon,
        "code": os.waitstatus_to_exitcode(ended),
    }


def main():
    output, work, name, folder, *command = sys.argv[1:]
    # What it said last on standard error is kept: a failure must not pass for speed.
    log = "".join(c if c.isalnum() or c in "-." else "-" for c in f"{work}.{name}")
    result = {"work": work, "name": name} | run(command, folder, f"{output}.{log}.log")
    with open(output, "a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")
    print(f"  {name}: {result['wall']:.3f} s, CPU {result['cpu']:.3f} s, exit {result['code']}", file=sys.stderr)


main()
