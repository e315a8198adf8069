"""A running hub and a small client of its API, with Python's standard library alone."""

import http.client
import json
import os
import signal
import subprocess
import threading
import time
import urllib.parse
import uuid


class Refused(Exception):
    """The hub answered with an error."""

    def __init__(self, method, path, status, body):
        super().__init__(f"{method} {path}: {status} {body[:500]!r}")
        self.status = status


class Hub:
    """The binary on a data folder. It takes a new port at every start."""

    def __init__(self, binary, folder, environment=None):
        self.command = [binary, "serve", "--data", folder, "--listen", "127.0.0.1:0"]
        self.environment = {**os.environ, "GEOML_HUB__LOG__FORMAT": "json", **(environment or {})}
        self.log = []
        self.process = None
        self.port = None

    def start(self):
        """Starts it, waits until it answers, and returns the seconds that took."""
        began = time.monotonic()
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment, text=True
        )
        threading.Thread(target=self._read_log, args=(self.process.stderr,), daemon=True).start()
        line = self.process.stdout.readline()
        if "http://" not in line:
            self.process.wait()
            time.sleep(0.1)
            raise RuntimeError("the hub did not start: " + "".join(self.log))
        self.port = int(line.rsplit(":", 1)[1])
        Client(self).json("GET", "/health")
        return time.monotonic() - began

    def _read_log(self, stream):
        for line in stream:
            self.log.append(line)

    def stop(self):
        """Stops it in order."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        assert code == 0, f"the hub ended with exit code {code}: {''.join(self.log[-20:])}"

    def kill(self):
        """Ends it at once, as a crash would."""
        self.process.kill()
        self.process.wait()

    def memory(self, field="VmRSS"):
        """A figure of /proc/PID/status in bytes: VmRSS is what is resident now, VmHWM the most that ever was."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError(f"no {field}")

    def trouble(self):
        """Log lines that are warnings or worse."""
        found = []
        for line in self.log:
            try:
                level = json.loads(line).get("level")
            except ValueError:
                level = None
            if level in ("WARN", "ERROR", None):
                found.append(line)
        return found


class Client:
    """One connection to the hub, kept open, opened again when the hub was restarted."""

    def __init__(self, hub, token=None):
        self.hub = hub
        self.token = token
        self.connection = None
        self.port = None

    def send(self, method, path, body=None, headers=None):
        """Sends a request and returns the response, whose body has to be read."""
        headers = dict(headers or {})
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        for attempt in (1, 2):
            if self.connection is None or self.port != self.hub.port:
                self.port = self.hub.port
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
            try:
                self.connection.request(method, path, body, headers)
                return self.connection.getresponse()
            except (OSError, http.client.HTTPException):
                # A connection kept open may have been closed meanwhile; a new one gets one try.
                self.connection.close()
                self.connection = None
                if attempt == 2:
                    raise

    def call(self, method, path, body=None, headers=None):
        """Sends a request and returns status, headers and body; an error status raises."""
        response = self.send(method, path, body, headers)
        content = response.read()
        if response.status >= 400:
            raise Refused(method, path, response.status, content)
        return response.status, response.headers, content

    def json(self, method, path, document=None):
        """Sends and receives JSON."""
        body, headers = None, {}
        if document is not None:
            body = json.dumps(document).encode()
            headers["Content-Type"] = "application/json"
        content = self.call(method, path, body, headers)[2]
        return json.loads(content) if content else None

    def form(self, path, fields, files):
        """Sends a multipart form; `files` are triples of field, file name and content."""
        boundary = uuid.uuid4().hex
        parts = []
        for name, value in fields.items():
            parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
        for name, filename, content in files:
            head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'
            parts.append(f"--{boundary}\r\n{head}\r\nContent-Type: application/octet-stream\r\n\r\n".encode())
            parts.append(content)
            parts.append(b"\r\n")
        parts.append(f"--{boundary}--\r\n".encode())
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        content = self.call("POST", path, b"".join(parts), headers)[2]
        return json.loads(content)


def quote(text):
    """Percent-encodes a path but its slashes, or a query value."""
    return urllib.parse.quote(text)


def say(text):
    """Prints at once, so that a reader of a log sees where a run stands."""
    print(text, flush=True)


def until(expected, ask):
    """Asks until the answer is this one: rows and the search index follow within moments."""
    deadline = time.monotonic() + 60
    while (found := ask()) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == expected, (found, expected)


PASSWORD = "correct horse battery"


def person(hub, name):
    """Makes an account and answers its access token."""
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    Client(hub).json("POST", "/api/auth/register", account)
    login = Client(hub).json("POST", "/api/auth/login", {"username": name, "password": PASSWORD})
    session = Client(hub, login["access_token"])
    return session.json("POST", "/api/auth/tokens", {"name": "notebook", "scope": "admin"})["token"]


def refused(error, work, *arguments, **named):
    """Fails unless the work raises exactly this class; answers what was raised."""
    try:
        work(*arguments, **named)
    except error as raised:
        assert type(raised) is error, f"{type(raised).__name__} in place of {error.__name__}"
        return raised
    raise AssertionError(f"{work} did not raise {error.__name__}")
