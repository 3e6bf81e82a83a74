"""One run of the program: what it printed, how it ended, how long it took, and how much memory."""

import json
import os
import resource
import subprocess
import threading
import time


class Run:
    def __init__(self):
        self.exit = None
        self.killed = False
        self.seconds = 0.0
        self.megabytes = 0.0
        self.out = ""
        self.err = ""

    def lines(self, kind):
        """The JSON lines of one type."""
        return [line for line in self.json() if line.get("type") == kind]

    def json(self):
        found = []
        for line in self.out.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return [line for line in found if isinstance(line, dict)]

    def summary(self):
        lines = self.json()
        return lines[-1] if lines else {}


def run(argv, env, folder, limit, name, world=None, started=lambda pid: None):
    """Runs until the end, or kills after `limit` seconds. What it printed is kept as `name`.out and `name`.err."""
    done, place = Run(), os.path.join(folder, name)
    if world:
        env = {**env, **world.env(folder)}
        argv = ["sh", "-c", world.shell + '\nexec "$@"', "sh", *argv] if world.shell else argv
    with open(place + ".out", "wb") as out, open(place + ".err", "wb") as err:
        begun = time.monotonic()
        # What is too large for a file is an error, and no signal; what is said goes through pipes, which have no size.
        limited = bool(world and world.shell)
        out, err = (Piped(out), Piped(err)) if limited else (output(world, out), err)
        process = subprocess.Popen(argv, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   restore_signals=not limited)
        started(process.pid)
        peak, nap = 0, 0.002
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, resident(process.pid))
            if time.monotonic() - begun > limit and not done.killed:
                done.killed = True
                process.kill()
            time.sleep(nap)
            nap = min(nap * 1.5, 0.02)
        process.returncode = done.exit = os.waitstatus_to_exitcode(status)
        for end in (out, err) if limited else ():
            end.close()
    done.seconds = time.monotonic() - begun
    # What a child inherits before its exec counts in ru_maxrss too, so that is believed only above our own.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done.megabytes = max(peak, usage.ru_maxrss if usage.ru_maxrss > own else 0) / 1024
    with open(place + ".out", encoding="utf-8", errors="replace") as file:
        done.out = file.read()
    with open(place + ".err", encoding="utf-8", errors="replace") as file:
        done.err = file.read()
    return done


def output(world, out):
    """Where standard output leads."""
    if not world or not world.output:
        return out
    if world.output != "closed":
        return open(world.output, "wb")
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "wb")


class Piped:
    """A pipe into a file."""

    def __init__(self, file):
        self.reader, self.writer = os.pipe()
        self.copier = threading.Thread(target=self._copy, args=(file,), daemon=True)
        self.copier.start()

    def fileno(self):
        return self.writer

    def _copy(self, file):
        while data := os.read(self.reader, 1 << 16):
            file.write(data)

    def close(self):
        os.close(self.writer)
        self.copier.join(10)
        os.close(self.reader)


def resident(pid):
    """The most memory that a process had so far, in KiB."""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0
