"""Plays the frames of docs/PROTOCOL.md against a server and compares what comes back.

play.py [--update] PROGRAM DATABASE FOLDER DOCUMENT. In blocks fenced as `frames` a line is one of

    WHO → FRAME                       WHO sends it, and connects first if they are not connected
    WHO ← FRAME                       WHO is sent it next, among frames of this type
    WHO ✕ CODE                        the server closes WHO's connection with this code
    WHO ✕                             WHO hangs up
    WHO METHOD PATH BODY → STATUS     WHO asks by REST
    server ✕                          the server is asked to stop (SIGTERM)

and a block fenced as `sse` is a request, an empty line, and what its stream begins with. `, …}` at
an object's end stands for fields that are not shown. Ids, epochs and times of the text stand for
those of the run: the first time that one comes in an answer says which. Tokens are WHO's own.
"""

import contextlib
import http.client
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PATIENCE = 10  # seconds for anything to arrive
PEOPLE = {
    "shop": ["--role", "service"],
    "aisha": ["--role", "customer"],
    "ravi": ["--role", "rider"],
    "mei": ["--role", "pharmacy", "--pharmacy", "marigold"],
    "ada": ["--role", "admin"],
}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CODE = re.compile(r"CHAT-[0-9A-Z]{4}-[0-9A-Z]{4}")
EPOCH = re.compile(r"[0-9a-f]{16,64}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
KINDS = (UUID, CODE, EPOCH)
MORE = "…"  # the field that stands for those that are not shown


class Mismatch(Exception):
    pass


class Names:
    """Which id of the run an id of the text stands for."""

    def __init__(self):
        self.actual, self.written = {}, {}

    def bind(self, written, actual):
        if self.actual.setdefault(written, actual) != actual:
            raise Mismatch(f"{written} stood for {self.actual[written]}, not {actual}")
        self.written.setdefault(actual, written)

    def to_actual(self, text):
        for written in sorted(self.actual, key=len, reverse=True):
            text = text.replace(written, self.actual[written])
        return text

    def to_written(self, text):
        for actual, written in self.written.items():
            text = text.replace(actual, written)
        return text


class Play:
    def __init__(self, program, database, folder):
        self.names, self.links, self.seen, self.tokens = Names(), {}, {}, {}
        self.open = contextlib.ExitStack()
        secret = secrets.token_hex(32)
        self.program = program
        # An environment of its own: the server refuses ORDERCHAT_ variables that it does not know.
        self.environment = {
            "ORDERCHAT_LISTEN": "127.0.0.1:0",
            "ORDERCHAT_METRICS_LISTEN": "127.0.0.1:0",
            "ORDERCHAT_DATABASE": database,
            "ORDERCHAT_AUTH_SECRET": secret,
        }
        self.log = os.path.join(folder, "server.log")
        self.server = subprocess.Popen(
            [program, "serve"], cwd=folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=open(self.log, "w"))
        self.address = self.server.stdout.readline().strip().removeprefix("listening on http://")

    def token(self, who):
        if who not in self.tokens:
            ask = [self.program, "token", "--sub", who, *PEOPLE[who]]
            made = subprocess.run(ask, env=self.environment, capture_output=True, text=True, check=True)
            self.tokens[who] = made.stdout.strip()
        return self.tokens[who]

    # What a line does.

    def send(self, who, text):
        frame = json.loads(self.names.to_actual(text))
        if "token" in frame:
            # `"token":"<ravi>"` gives somebody else's.
            named = frame["token"].strip("<>")
            frame["token"] = self.token(named if named in PEOPLE else who)
        if who not in self.links:
            self.seen[who] = []
            url = f"ws://{self.address}/api/chat/ws/"
            link = connect(url, subprotocols=["orderchat.v1"])
            self.links[who] = self.open.enter_context(link)
        self.links[who].send(json.dumps(frame))

    def receive(self, who, expected):
        """The next frame of the expected type; of events, the one with the expected seq."""
        told_apart_by = ["type", "kind", "ref"] + ["seq"] * (expected["type"] == "event")

        def fits(frame):
            return all(frame.get(key) == expected.get(key) for key in told_apart_by)

        until = time.monotonic() + PATIENCE
        waiting = self.seen[who]
        while True:
            for place, frame in enumerate(waiting):
                if fits(frame):
                    return waiting.pop(place)
            try:
                waiting.append(json.loads(self.links[who].recv(timeout=until - time.monotonic())))
            except (TimeoutError, ConnectionClosed) as end:
                raise Mismatch(f"{who} was not sent it ({end!r}); waiting: {waiting}") from end

    def closed(self, who, code):
        link = self.links.pop(who)
        try:
            while True:
                self.seen[who].append(json.loads(link.recv(timeout=PATIENCE)))
        except TimeoutError as end:
            raise Mismatch(f"{who}'s connection is still open") from end
        except ConnectionClosed as end:
            given = end.rcvd.code if end.rcvd else None
        if given != code:
            raise Mismatch(f"{who}'s connection was closed with {given}")

    def ask(self, who, method, path, body, status):
        path, body = self.names.to_actual(path), self.names.to_actual(body)
        link = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self.token(who)}", "Content-Type": "application/json"}
        link.request(method, path, body or None, headers)
        answer = link.getresponse()
        text = answer.read().decode()
        if answer.status != status:
            raise Mismatch(f"answered {answer.status}: {text}")

    def stop(self):
        self.server.send_signal(signal.SIGTERM)

    # How answers are compared.

    def compare(self, written, actual, at=""):
        if isinstance(written, dict) and isinstance(actual, dict):
            keys = {self.names.to_actual(key): key for key in written if key != MORE}
            if missing := keys.keys() - actual.keys():
                raise Mismatch(f"{at}: without {sorted(missing)}")
            if MORE not in written and (more := actual.keys() - keys.keys()):
                raise Mismatch(f"{at}: with {sorted(more)}, too")
            for key, name in keys.items():
                self.compare(written[name], actual[key], f"{at}/{name}")
        elif isinstance(written, list) and isinstance(actual, list) and len(written) == len(actual):
            for place, (one, other) in enumerate(zip(written, actual)):
                self.compare(one, other, f"{at}/{place}")
        elif isinstance(written, str) and isinstance(actual, str):
            self.compare_texts(written, actual, at)
        elif written != actual:
            raise Mismatch(f"{at}: {actual!r} where {written!r} is written")

    def compare_texts(self, written, actual, at):
        for kind in KINDS:
            if kind.fullmatch(written) and kind.fullmatch(actual):
                return self.names.bind(written, actual)
        if TIME.sub("now", self.names.to_actual(written)) != TIME.sub("now", actual):
            raise Mismatch(f"{at}: {actual!r} where {written!r} is written")
        return None

    def update(self, written, actual):
        """What came, in the shape and with the ids of what is written."""
        if isinstance(written, dict) and isinstance(actual, dict):
            if MORE not in written:
                return {self.rename(k): self.update(written.get(k), v) for k, v in actual.items()}
            names = {self.names.to_actual(key): key for key in written if key != MORE}
            shown = {names[k]: self.update(written[names[k]], v) for k, v in actual.items() if k in names}
            return {**shown, MORE: True}
        return self.rename(actual)

    def rename(self, value):
        return json.loads(self.names.to_written(json.dumps(value)))


def read(text):
    """A frame of the text. `, …}` becomes a field of its own."""
    return json.loads(re.sub(r",? ?…\}", lambda _: f', "{MORE}": true}}', text).replace("{, ", "{"))


def write(frame):
    text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
    return text.replace(f',"{MORE}":true', ", …").replace(f'"{MORE}":true', "…")


def frames(play, line, update):
    """Plays a line of a `frames` block; the line as it should be written."""
    who, what, rest = (*line.split(" ", 2), "")[:3]
    if what == "→":
        play.send(who, rest)
    elif what == "←":
        written = read(rest)
        actual = play.receive(who, written)
        try:
            play.compare(written, actual)
        except Mismatch:
            if not update:
                raise
            return f"{who} ← {write(play.update(written, actual))}"
    elif what == "✕":
        if who == "server":
            play.stop()
        elif rest:
            play.closed(who, int(rest))
        else:
            play.links.pop(who).close()
    else:
        asked, _, status = rest.rpartition(" → ")
        path, _, body = asked.partition(" ")
        play.ask(who, what, path, body, int(status))
    return line


def stream(play, lines, update):
    """Plays an `sse` block: aisha asks."""
    place = lines.index("")
    method, path = lines[0].split(" ", 1)
    headers = dict(line.split(": ", 1) for line in lines[1:place])
    headers = {name: play.names.to_actual(value) for name, value in headers.items()}
    link = http.client.HTTPConnection(play.address, timeout=PATIENCE)
    headers["Authorization"] = f"Bearer {play.token('aisha')}"
    link.request(method, play.names.to_actual(path), headers=headers)
    answer = link.getresponse()
    if answer.status != 200:
        raise Mismatch(f"answered {answer.status}: {answer.read().decode()}")
    played = lines[:place + 1]
    for line in lines[place + 1:]:
        actual = answer.readline().decode().rstrip("\n")
        name, _, written = line.partition(": ")
        given, _, value = actual.partition(": ")
        if name != given:
            raise Mismatch(f"{actual!r} where {line!r} is written")
        if name == "data":
            try:
                play.compare(read(written), json.loads(value))
            except Mismatch:
                if not update:
                    raise
                line = f"data: {write(play.update(read(written), json.loads(value)))}"
        elif play.names.to_actual(written) != value:
            if not update:
                raise Mismatch(f"{value!r} where {written!r} is written")
            line = f"{name}: {play.names.to_written(value)}"
        played.append(line)
    link.close()
    return played


def run(play, document, update):
    """Plays the document; its lines as they should be written, and how many were played."""
    lines, block, kind, count = [], [], None, 0
    for number, line in enumerate(document.splitlines(), 1):
        try:
            if line.startswith("```") and kind is None:
                kind = line.removeprefix("```") or "text"
            elif line == "```":
                if kind == "sse":
                    lines += stream(play, block, update)
                block, kind = [], None
            elif kind == "sse":
                block.append(line)
                continue
            elif kind == "frames" and line:
                line = frames(play, line, update)
                count += 1
        except (Mismatch, ValueError, KeyError) as error:
            raise SystemExit(f"line {number}: {line}\n  {type(error).__name__}: {error}") from error
        lines.append(line)
    return "\n".join(lines) + "\n", count


def main():
    arguments = sys.argv[1:]
    update = arguments[0] == "--update"
    program, database, folder, path = arguments[update:]
    with open(path, encoding="utf-8") as file:
        document = file.read()
    play = Play(os.path.abspath(program), database, folder)
    try:
        played, count = run(play, document, update)
        if play.server.wait(timeout=30) != 0:
            raise SystemExit(f"the server ended with {play.server.returncode}")
    except BaseException:
        with open(play.log, encoding="utf-8") as log:
            sys.stderr.write("".join(log.readlines()[-20:]))
        raise
    finally:
        play.server.kill()
        play.open.close()
    if count < 50:
        raise SystemExit(f"only {count} lines of frames: is the document the right one?")
    if update:
        with open(path, "w", encoding="utf-8") as file:
            file.write(played)
    print(f"{count} lines of frames played")


main()
