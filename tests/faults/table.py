"""The table of a run, for people: one line a fault, one column a command."""

import commands
import faults

MARKS = {"healed": "=", "told": "i", "untouched": "·", "wrong": "X"}


class Result:
    """A cell's end in one word: wrong, healed (as without faults), told (ends saying what it could not do), or
    untouched (the command sent no request that the fault strikes)."""

    def __init__(self, cell, reference, complaints):
        self.fault, self.command, self.complaints = cell.fault.title, cell.command.name, complaints
        first, meant = cell.first.run, reference.first.run
        self.seconds, self.megabytes, self.exit = first.seconds, first.megabytes, first.exit
        if complaints:
            self.word = "wrong"
        elif not cell.struck:
            self.word = "untouched"
        else:
            same = first.exit == meant.exit and verdict(first) == verdict(meant)
            self.word = "healed" if same else "told"

    @property
    def line(self):
        return "%-9s exit %-3s %5.1f s %4d MB  %s under %s" % (
            self.word, self.exit, self.seconds, self.megabytes, self.command, self.fault)


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


def write(path, results):
    """Replaces what stands between the marks in the README."""
    begin, end = "<!-- table -->\n", "<!-- end -->\n"
    with open(path, encoding="utf-8") as file:
        before, _, rest = file.read().partition(begin)
    after = rest.partition(end)[2]
    names = [command.name for command in commands.COMMANDS]
    cells = {(result.fault, result.command): MARKS[result.word] for result in results}
    rows = ["| fault | " + " | ".join(names) + " |", "|---|" + ":-:|" * len(names)]
    for fault in faults.FAULTS:
        marks = [cells.get((fault.title, name), "") for name in names]
        rows.append("| %s | %s |" % (fault.title, " | ".join(marks)))
    counts = ["%d %s" % (sum(1 for result in results if result.word == word), word) for word in MARKS]
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + begin + "\n" + "\n".join(rows) + "\n\n%d cells: %s.\n" % (
            len(results), ", ".join(counts)) + end + after)
