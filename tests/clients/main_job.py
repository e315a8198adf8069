"""The main job over HTTP, against the real binary: register, make a token and a repository, upload 2,000 files as one
commit and a file of gigabytes in chunks while the hub is killed and restarted, find it by a Chinese and by an English
query, download it byte for byte. The hub's memory is watched all along.

    python3 tests/clients/main_job.py --binary target/release/geoml-hub [--gib 5]
"""

import argparse
import hashlib
import http.client
import os
import queue
import random
import shutil
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from hub import Client, Hub, quote, say

PASSWORD = "correct horse battery"
MEMORY_ALLOWANCE = 64 << 20
PATH = "weights/model.safetensors"
CARD = """---
title: 华东短临降水预测模型
license: apache-2.0
tags: [precipitation, nowcasting, 降水]
framework: pytorch
language: [zh, en]
---

# Precipitation nowcasting for East China

ConvLSTM trained on ERA5 and radar mosaics. 基于雷达拼图的短临降水预测。
"""


class Content:
    """A large file that is made as it is read: a random block, made different every MiB by its position."""

    BLOCK = 1 << 20

    def __init__(self, size):
        self.size = size
        self.block = random.Random(1).randbytes(self.BLOCK)

    def read(self, start, end):
        """The bytes from `start` to `end`."""
        pieces = []
        position = start
        while position < end:
            number, offset = divmod(position, self.BLOCK)
            head = number.to_bytes(16, "big")
            stop = min(end - position + offset, self.BLOCK)
            pieces.append((head + self.block[16:])[offset:stop] if offset < 16 else self.block[offset:stop])
            position += stop - offset
        return b"".join(pieces)

    def sha256(self):
        """The digest of the whole."""
        digest = hashlib.sha256()
        for start in range(0, self.size, self.BLOCK):
            digest.update(self.read(start, min(start + self.BLOCK, self.size)))
        return digest.hexdigest()


class Memory:
    """Watches that the hub's resident memory never exceeds its idle figure by more than the allowance."""

    def __init__(self, hub):
        self.hub = hub
        self.idle = None
        self.most = 0
        self.steps = {}

    def at_rest(self):
        """Takes the figure of a hub that has just started as idle, once; later starts are measured against it."""
        time.sleep(1)
        if self.idle is None:
            self.idle = self.hub.memory()
            say(f"idle memory: {self.idle / 2**20:.1f} MiB")

    def look(self, step):
        """Notes the most that the running process ever used."""
        above = self.hub.memory("VmHWM") - self.idle
        self.steps[step] = max(above, self.steps.get(step, 0))
        self.most = max(self.most, above)


def step(name, work, memory):
    """Runs one step and tells how long it took."""
    began = time.monotonic()
    result = work()
    memory.look(name)
    say(f"{name}: {time.monotonic() - began:.1f} s, memory up to {memory.steps[name] / 2**20:.1f} MiB above idle")
    return result


def register(hub):
    """The account that does the job. The first account of a hub is its administrator, so one is made before."""
    people = []
    for name in ("root-admin", "ana"):
        client = Client(hub)
        account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        client.json("POST", "/api/auth/register", account)
        login = client.json("POST", "/api/auth/login", {"username": name, "password": PASSWORD})
        client.token = login["access_token"]
        people.append(client)
    admin, ana = people
    admin.json("PUT", "/api/users/ana", {"storage_quota": 64 << 30})
    token = ana.json("POST", "/api/auth/tokens", {"name": "job", "scope": "write"})["token"]
    assert token.startswith("gml_"), token
    return Client(hub, token)


def upload_batch(ana, count):
    """Many small files and the card, as one commit."""
    files = [("files", f"data/part-{number // 100:02}/tile-{number:04}.txt", f"tile {number}\n".encode() * 20)
             for number in range(count - 1)]
    files.append(("files", "README.md", CARD.encode()))
    before = commits(ana)
    ana.form("/api/ana/rain/upload/batch", {"message": "Add tiles and card"}, files)
    after = commits(ana)
    assert after == before + 1, f"{count} files became {after - before} commits"
    sample = ana.call("GET", f"/api/ana/rain/download/{files[777 % count][1]}")[2]
    assert sample == files[777 % count][2]


def commits(ana):
    """How many commits the default branch has."""
    return ana.json("GET", "/api/ana/rain/commits?limit=1")["total"]


class ChunkedUpload:
    """Sends a large file in chunks from two threads in a random order, through crashes of the hub."""

    def __init__(self, hub, ana, content, sha256):
        self.hub, self.ana, self.content = hub, ana, content
        self.session = ana.json("POST", "/api/ana/rain/upload/init", {
            "path": PATH, "size": content.size, "sha256": sha256, "message": "Add weights",
        })
        self.id = self.session["session_id"]
        self.sent = 0

    def missing(self):
        """The numbers of the chunks that the hub does not have, as it says itself."""
        status = self.ana.json("GET", f"/api/ana/rain/upload/{self.id}/status")
        arrived = set(status["uploaded_chunks"])
        return [number for number in range(1, self.session["total_chunks"] + 1) if number not in arrived]

    def send(self, numbers):
        """Sends these chunks; stops quietly when the hub is gone."""
        work = queue.SimpleQueue()
        random.Random(2).shuffle(numbers)
        for number in numbers:
            work.put(number)
        with ThreadPoolExecutor(2) as threads:
            for finished in [threads.submit(self.send_some, work) for _ in range(2)]:
                finished.result()

    def send_some(self, work):
        """One thread's share."""
        client = Client(self.hub, self.ana.token)
        size = self.session["chunk_size"]
        while True:
            try:
                number = work.get_nowait()
            except queue.Empty:
                return
            start = (number - 1) * size
            chunk = self.content.read(start, min(start + size, self.content.size))
            try:
                client.call("POST", f"/api/ana/rain/upload/{self.id}/chunk/{number}", chunk,
                            {"Content-Type": "application/octet-stream"})
            except (OSError, http.client.HTTPException):
                return
            self.sent += 1

    def complete(self):
        """Ends the upload; the hub verifies size and SHA-256 and commits."""
        return self.ana.json("POST", f"/api/ana/rain/upload/{self.id}/complete", {})


def upload_in_chunks(hub, ana, content, sha256, memory):
    """Uploads while the hub is killed at a third and restarted in order at two thirds of the way."""
    upload = ChunkedUpload(hub, ana, content, sha256)
    total = upload.session["total_chunks"]
    for share, end in ((total // 3, hub.kill), (2 * total // 3, hub.stop)):
        interrupter = threading.Thread(target=interrupt, args=(upload, share, end, memory))
        interrupter.start()
        upload.send(upload.missing())
        interrupter.join()
        hub.start()
        left = len(upload.missing())
        say(f"  after the {end.__name__}: {left} of {total} chunks are still to be sent")
        assert 0 < left <= total - share, "chunks that were acknowledged are gone"
    upload.send(upload.missing())
    assert not upload.missing()
    began = time.monotonic()
    upload.complete()
    say(f"  completed in {time.monotonic() - began:.1f} s, {upload.sent} chunks sent for {total}")


def interrupt(upload, share, end, memory):
    """Ends the hub once so many chunks were acknowledged."""
    while upload.sent < share:
        time.sleep(0.005)
    memory.look("upload in chunks")
    end()


def search(ana):
    """Finds the repository by its Chinese title and by English words, within a second of the last change."""
    for words in ("降水预测", "precipitation nowcasting", "降水 ConvLSTM"):
        path = f"/api/search/repositories?q={quote(words)}"
        deadline = time.monotonic() + 1
        while True:
            found = [item["full_name"] for item in ana.json("GET", path)["items"]]
            if "ana/rain" in found:
                break
            assert time.monotonic() < deadline, f"{words!r} finds {found}"
            time.sleep(0.05)


def download(ana, content, sha256):
    """The whole file, then parts of it."""
    path = f"/api/ana/rain/download/{PATH}"
    response = ana.send("GET", path)
    assert response.status == 200, response.status
    assert int(response.headers["Content-Length"]) == content.size
    digest = hashlib.sha256()
    while block := response.read(1 << 20):
        digest.update(block)
    assert digest.hexdigest() == sha256, "the download differs from the upload"
    etag = response.headers["ETag"]
    random_places = random.Random(3)
    for _ in range(50):
        start = random_places.randrange(content.size)
        end = min(start + random_places.randrange(1, 3 << 20), content.size)
        headers = {"Range": f"bytes={start}-{end - 1}", "If-Range": etag}
        status, _, body = ana.call("GET", path, headers=headers)
        assert status == 206 and body == content.read(start, end), f"bytes {start}-{end} differ"
    assert ana.call("GET", path, headers={"If-None-Match": etag})[0] == 304


def main():
    """Runs the whole job."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--gib", type=float, default=float(os.environ.get("GEOML_MAIN_JOB_GIB", "5")))
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--folder", help="where the data folder is made; default: target/")
    arguments = parser.parse_args()
    os.makedirs(arguments.folder or "target", exist_ok=True)
    place = tempfile.mkdtemp(prefix="main-job-", dir=arguments.folder or "target")
    hub = Hub(arguments.binary, os.path.join(place, "data"))
    try:
        run(hub, Content(int(arguments.gib * 2**30)), arguments.files)
    except BaseException:
        say("".join(hub.log[-40:]))
        raise
    finally:
        if hub.process.poll() is None:
            hub.kill()
        shutil.rmtree(place)
    say("1 passed, 0 failed")


def run(hub, content, count):
    """The job from the first start to the last stop."""
    took = hub.start()
    say(f"first answer {took * 1000:.0f} ms after the start")
    assert took < 1, "the hub took more than a second to answer"
    memory = Memory(hub)
    memory.at_rest()
    sha256 = content.sha256()
    ana = step("register, token", lambda: register(hub), memory)
    repository = {"name": "rain", "repo_type": "model", "visibility": "public", "description": "Nowcasting of rain"}
    step("create", lambda: ana.json("POST", "/api/repositories", repository), memory)
    step(f"batch of {count} files", lambda: upload_batch(ana, count), memory)
    step("search", lambda: search(ana), memory)
    step("upload in chunks", lambda: upload_in_chunks(hub, ana, content, sha256, memory), memory)
    step("download", lambda: download(ana, content, sha256), memory)
    step("search again", lambda: search(ana), memory)
    hub.stop()
    check(hub)
    assert memory.most <= MEMORY_ALLOWANCE, f"memory rose {memory.most / 2**20:.1f} MiB above idle"
    assert not hub.trouble(), "unexpected in the log: " + "".join(hub.trouble())


def check(hub):
    """What the hub says about its own folder."""
    began = time.monotonic()
    command = [hub.command[0], "check", "--data", hub.command[3]]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    say(f"check: clean, {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
