"""The table of a run, for people: one line a fault, one column a command."""

import json
import os

import commands

MARKS = {"healed": "=", "told": "i", "untouched": "·", "wrong": "X"}


class Result:
    """A cell's end in one word: wrong, healed (as without faults), told (ends saying what it could not do), or
    untouched (the command sent no request that the fault strikes)."""

    def __init__(self, fault, command, word, complaints, seconds, megabytes, exit):
        self.fault, self.command, self.word, self.complaints = fault, command, word, complaints
        self.seconds, self.megabytes, self.exit = seconds, megabytes, exit

    @staticmethod
    def of(cell, reference, complaints):
        first, meant = cell.first.run, reference.first.run
        if complaints:
            word = "wrong"
        elif not cell.struck and not cell.fault.world:
            word = "untouched"
        else:
            same = first.exit == meant.exit and verdict(first) == verdict(meant)
            word = "healed" if same else "told"
        return Result(cell.fault.title, cell.command.name, word, complaints, first.seconds, first.megabytes, first.exit)

    @property
    def line(self):
        return "%-9s exit %-3s %5.1f s %4d MB  %s under %s" % (
            self.word, self.exit, self.seconds, self.megabytes, self.command, self.fault)


def load(path):
    """{(fault, command): result} of a file of results; none where there is no file."""
    if not path or not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        results = [Result(**json.loads(line)) for line in file]
    return {(result.fault, result.command): result for result in results}


def save(path, result):
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(vars(result)) + "\n")


def verdict(run):
    said = run.summary()
    return said.get("complete"), said.get("verdict"), said.get("outcomes"), said.get("unknown")


def summary(results, seconds):
    counts = {word: sum(1 for result in results if result.word == word) for word in MARKS}
    slowest = max(results, key=lambda result: result.seconds, default=None)
    largest = max(results, key=lambda result: result.megabytes, default=None)
    lines = ["%d cells in %d s: %s" % (len(results), seconds, ", ".join(
        "%d %s" % (count, word) for word, count in counts.items()))]
    if results:
        lines += ["slowest: %s" % slowest.line, "largest: %s" % largest.line]
    return "\n".join(lines)


def write(path, side, side_faults, results):
    """Replaces what stands between the marks of a side in the README."""
    begin, end = "<!-- %s -->\n" % side, "<!-- end -->\n"
    with open(path, encoding="utf-8") as file:
        before, _, rest = file.read().partition(begin)
    after = rest.partition(end)[2]
    names = [command.name for command in commands.COMMANDS]
    cells = {(result.fault, result.command): MARKS[result.word] for result in results}
    rows = ["| fault | " + " | ".join(names) + " |", "|---|" + ":-:|" * len(names)]
    for fault in side_faults:
        marks = [cells.get((fault.title, name), "") for name in names]
        rows.append("| %s | %s |" % (fault.title, " | ".join(marks)))
    counts = ["%d %s" % (sum(1 for result in results if result.word == word), word) for word in MARKS]
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + begin + "\n" + "\n".join(rows) + "\n\n%d cells: %s.\n" % (
            len(results), ", ".join(counts)) + end + after)
