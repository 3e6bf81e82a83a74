"""The truth of a hub, and how rows and objects that are read plainly differ from it. Shares no code with the program."""

import hub as hubs

# Columns that a repair may write, and one that a push moves.
OWN = {"storage_uri", "pushed_at"}


class Truth:
    def __init__(self, hub):
        self.rows = {place: values for place, values in plain(hub.rows).items()}
        self.uris = {place: uri for place, uri in hubs.links(hub.rows).items() if hubs.key_of(uri) in hub.objects
                     and not uri.startswith("mpack://")}
        self.bytes = {place: hub.objects[hubs.key_of(uri)].bytes for place, uri in self.uris.items()}
        # Rows whose object a repair makes again.
        self.made = set()
        self.lost = self.wrong = 0

    def settle(self, lost, rows, objects):
        """Takes the rows whose object came back with the same bytes; puts the other objects back."""
        links = hubs.links(rows)
        for place in lost:
            stored = objects.get(hubs.key_of(links.get(place, "") or ""))
            if stored is not None and stored.bytes == self.bytes[place]:
                self.made.add(place)
        if not self.made:
            raise SystemExit("no object came back: the soak has nothing to break")

    def compare(self, rows, objects, pushed):
        """Complaints; counts objects that are nowhere, and rows that say what they never said."""
        links, found = hubs.links(rows), []
        lost = wrong = 0
        for place, meant in sorted(self.bytes.items()):
            stored = objects.get(hubs.key_of(links.get(place) or "") or "")
            if place not in self.made and place[0] != "musehub_objects":
                continue
            if stored is None or stored.bytes != meant:
                lost += 1
                found.append("%s %s: its object is not where its row says (%s)" % (*place, links.get(place)))
        now = plain(rows)
        for place, values in self.rows.items():
            if now.get(place) != values and place[0] != "musehub_branches":
                wrong += 1
                found.append("the row %s %s is another" % place)
        for ident in pushed:
            place = ("musehub_commits", ident)
            stored = objects.get(hubs.key_of(links.get(place) or "") or "")
            if stored is None or not stored.bytes.startswith(b"commit "):
                lost += 1
                found.append("the commit %s was pushed and is not there" % ident)
        self.lost, self.wrong = lost, wrong
        return found


def plain(rows):
    """{(table, key): columns} without those columns; rows that share a key are taken together."""
    found = {}
    for table, all_rows in rows.items():
        for row in all_rows:
            values = tuple((name, value) for name, value in row if name not in OWN)
            place = (table, row[0][1])
            found[place] = tuple(sorted((*found.get(place, ()), *values), key=repr))
    return found
