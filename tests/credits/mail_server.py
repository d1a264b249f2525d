"""A mail server of this machine, which takes letters or refuses them as a test says."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Thread
from typing import Any

import django

Settings = Any  # pytest-django's; its versions name it differently
GREETING = "220 post office"


class PostOffice(socketserver.ThreadingTCPServer):
    """`refusals` says what to answer to a command that starts so: `{"RCPT TO:<X@": "550 no such user"}`."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Counter)
        self.refusals: dict[str, str] = {}
        self.letters: list[EmailMessage] = []
        self.visits = 0

    def answer(self, said: str) -> str:
        return next((no for start, no in self.refusals.items() if said.upper().startswith(start)), "")


class Counter(socketserver.StreamRequestHandler):
    server: PostOffice

    def handle(self) -> None:
        self.server.visits += 1
        self.say(self.server.answer("CONNECT") or GREETING)
        for line in self.rfile:
            said = line.decode().rstrip("\r\n")
            if refusal := self.server.answer(said):
                self.say(refusal)
            elif said.upper() == "DATA":
                self.say("354 go on")
                self.take()
            else:
                self.say("221 bye" if said.upper() == "QUIT" else "250 ok")
            if said.upper() == "QUIT":
                return

    def take(self) -> None:
        lines: list[bytes] = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b"."))
        refusal = self.server.answer("LETTER")
        if not refusal:
            letter: Any = message_from_bytes(b"".join(lines), policy=policy.default)
            self.server.letters.append(letter)
        self.say(refusal or "250 taken")

    def say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


@contextmanager
def post_office(settings: Settings) -> Iterator[PostOffice]:
    """An open post office that Django's mail settings lead to."""
    with PostOffice() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        host, port = "127.0.0.1", server.server_address[1]
        backend = "django.core.mail.backends.smtp.EmailBackend"
        if django.VERSION >= (6, 1):
            settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"host": host, "port": port}}}
        else:
            settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = backend, host, port
        yield server
        server.shutdown()
