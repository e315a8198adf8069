#!/usr/bin/env python3
"""The main job of a program, over HTTP, against the real binary: register, take a token, create a repository, upload
2,000 files as one commit and a model of several gigabytes in chunks across a restart of the hub, find it by a Chinese and
an English query, download it whole and in part, and compare every digest. The memory of the hub is watched throughout.

Needs nothing but Python. GEOML_BINARY names the binary, GEOML_MODEL_MIB the size of the model (5120 by default).
Prints one line per step and ends with `N passed, 0 failed`; any failure ends it with an error.
"""

import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

BINARY = os.environ.get("GEOML_BINARY", "target/debug/geoml-hub")
MODEL_BYTES = int(os.environ.get("GEOML_MODEL_MIB", "5120")) << 20
CHUNK_BYTES = 16 << 20
MEMORY_ALLOWED = 64 << 20
QUOTA = "20 GiB"
passed = 0


def step(text):
    global passed
    passed += 1
    print(f"ok {passed} - {text}", flush=True)


class Hub:
    """The running hub and the most memory it was seen to use."""

    def __init__(self, folder):
        self.folder, self.process, self.peak = folder, None, 0

    def start(self):
        environment = {**os.environ, "GEOML_HUB__STORAGE__QUOTA": QUOTA}
        began = time.monotonic()
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", self.folder, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
        line = self.process.stdout.readline()
        self.port = int(line.strip().rsplit(":", 1)[1])
        self.call("GET", "/health", expect=200)
        self.started_in = time.monotonic() - began

    def stop(self, how):
        self.process.send_signal(how)
        self.process.wait(timeout=60)

    def memory(self, field="RssAnon"):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:
            for line in lines:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) << 10
        raise RuntimeError(f"no {field}")

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        connection.request(method, path, body=body, headers=headers or {})
        return connection, connection.getresponse()

    def call(self, method, path, body=None, token=None, expect=None, headers=None):
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if isinstance(body, (dict, list)):
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        connection, response = self.request(method, path, body, headers)
        content = response.read()
        connection.close()
        wanted = expect or (200, 201, 202, 204)
        if response.status not in (wanted if isinstance(wanted, tuple) else (wanted,)):
            raise AssertionError(f"{method} {path}: {response.status} {content[:500]!r}")
        kind = response.getheader("content-type", "")
        return json.loads(content) if kind.startswith("application/json") and content else content


class Watch(threading.Thread):
    """Samples the memory of the hub until told to stop: what it holds itself, without the pages of files that it maps."""

    def __init__(self, hub):
        super().__init__(daemon=True)
        self.hub, self.peak, self.over = hub, 0, threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.02):
            try:
                self.peak = max(self.peak, self.hub.memory())
            except (OSError, RuntimeError):
                pass

    def end(self):
        self.over.set()
        self.join()
        return self.peak


def chunk_of_model(number):
    """Bytes that no filter compresses away, made from the number alone, so that no copy of the model is kept."""
    seed = hashlib.sha256(f"model {number}".encode()).digest()
    block = hashlib.shake_128(seed).digest(1 << 20)
    size = min(CHUNK_BYTES, MODEL_BYTES - (number - 1) * CHUNK_BYTES)
    parts, left = [], size
    index = 0
    while left > 0:
        part = (index.to_bytes(8, "big") + block)[:left]
        parts.append(part)
        left -= len(part)
        index += 1
    return b"".join(parts)


def multipart(files, fields):
    boundary = "geoml" + os.urandom(12).hex()
    parts = []
    for name, value in fields.items():
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for path, content in files:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{path}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def download(hub, path, token, headers=None):
    connection, response = hub.request("GET", path, headers={"Authorization": f"Bearer {token}", **(headers or {})})
    digest, length = hashlib.sha256(), 0
    while block := response.read(1 << 20):
        digest.update(block)
        length += len(block)
    connection.close()
    return response.status, length, digest.hexdigest()


CARD = """---
title: 降水临近预报 LSTM
tags: [降水, nowcasting, ERA5]
license: apache-2.0
framework: pytorch
---

# 降水预测

A recurrent network that was trained on ERA5 precipitation fields.
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(folder)
        hub.start()
        assert hub.started_in < 1, hub.started_in
        step(f"the hub answers {hub.started_in * 1000:.0f} ms after its start")
        run(hub)
        hub.stop(signal.SIGTERM)
        found = subprocess.run([BINARY, "check", "--data", folder], capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stdout + found.stderr
        step("check finds everything consistent")
    print(f"{passed} passed, 0 failed")


def run(hub):
    hub.call("POST", "/api/auth/register", {"username": "ana", "email": "ana@example.org", "password": "correct horse"})
    login = hub.call("POST", "/api/auth/login", {"username": "ana@example.org", "password": "correct horse"})
    made = hub.call("POST", "/api/auth/tokens", {"name": "main job", "scope": "write"}, token=login["access_token"])
    token = made["token"]
    assert token.startswith("gml_")
    step("registered, logged in, took a personal access token")

    hub.call("POST", "/api/repositories",
             {"name": "rain-nowcast", "repo_type": "model", "visibility": "public", "description": "降水预测"}, token=token)
    base = "/api/ana/rain-nowcast"
    idle = hub.memory()
    step(f"made a repository; idle at {idle >> 20} MiB")

    files = [(f"data/{n // 100:02}/站点 {n:04}.json", json.dumps({"station": n, "rain": n % 37}).encode())
             for n in range(1999)] + [("README.md", CARD.encode())]
    body, headers = multipart(files, {"message": "Add the stations"})
    began = time.monotonic()
    committed = hub.call("POST", f"{base}/upload/batch", body, token, headers=headers)
    took = time.monotonic() - began
    commits = hub.call("GET", f"{base}/commits", token=token)
    assert commits["total"] == 2, commits
    step(f"uploaded 2,000 files as one commit in {took:.1f} s: {committed.get('commit_id', '')[:12]}")

    upload_model(hub, base, token, idle)
    find(hub)
    download_model(hub, base, token, idle)


def upload_model(hub, base, token, idle):
    total = -(-MODEL_BYTES // CHUNK_BYTES)
    digest = hashlib.sha256()
    for number in range(1, total + 1):
        digest.update(chunk_of_model(number))
    hub.digest = digest.hexdigest()
    session = hub.call("POST", f"{base}/upload/init", {
        "path": "weights/model.safetensors", "size": MODEL_BYTES, "sha256": hub.digest, "chunk_size": CHUNK_BYTES,
        "message": "Add the weights"}, token)
    assert session["total_chunks"] == total, session
    address = f"{base}/upload/{session['session_id']}"
    watch = Watch(hub)
    began = time.monotonic()
    for number in range(1, total // 2):
        hub.call("POST", f"{address}/chunk/{number}", chunk_of_model(number), token)
    hub.stop(signal.SIGKILL)
    hub.start()
    status = hub.call("GET", f"{address}/status", token=token)
    arrived = set(status["uploaded_chunks"])
    assert len(arrived) == total // 2 - 1, (len(arrived), total)
    step(f"killed the hub after {len(arrived)} of {total} chunks; every acknowledged one is there")
    for number in sorted(set(range(1, total + 1)) - arrived, reverse=True):
        hub.call("POST", f"{address}/chunk/{number}", chunk_of_model(number), token)
    hub.call("POST", f"{address}/complete", b"", token)
    took, peak = time.monotonic() - began, watch.end()
    assert peak - idle <= MEMORY_ALLOWED, f"{peak >> 20} MiB at the peak, {idle >> 20} MiB idle"
    step(f"uploaded {MODEL_BYTES >> 20} MiB in {took:.0f} s, {(peak - idle) >> 20} MiB above idle at the peak")


def find(hub):
    for query in ["降水预测", "ERA5 LSTM", "nowcasting"]:
        deadline = time.monotonic() + 60
        address = "/api/search/repositories?" + urllib.parse.urlencode({"q": query})
        while not (found := hub.call("GET", address))["items"] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "rain-nowcast" in json.dumps(found["items"]), (query, found)
    step("found it by a Chinese, an English and a mixed query")


def download_model(hub, base, token, idle):
    address = f"{base}/download/weights/model.safetensors"
    watch = Watch(hub)
    began = time.monotonic()
    status, length, digest = download(hub, address, token)
    took, peak = time.monotonic() - began, watch.end()
    assert (status, length, digest) == (200, MODEL_BYTES, hub.digest), (status, length, digest)
    assert peak - idle <= MEMORY_ALLOWED, f"{peak >> 20} MiB at the peak, {idle >> 20} MiB idle"
    step(f"downloaded it in {took:.0f} s with the same SHA-256, {(peak - idle) >> 20} MiB above idle at the peak")
    first = CHUNK_BYTES - 1000
    status, length, digest = download(hub, address, token, {"Range": f"bytes={first}-{first + 1999}"})
    expected = hashlib.sha256(chunk_of_model(1)[-1000:] + chunk_of_model(2)[:1000]).hexdigest()
    assert (status, length, digest) == (206, 2000, expected), (status, length)
    step("a range across two chunks has the right bytes")


if __name__ == "__main__":
    sys.exit(main())
