"""Commits of 100,000 steps against the real binary, as Hugging Face clients send them: files, large files, deletions.

    python3 tests/clients/huggingface_commits.py --binary target/debug/geoml-hub [--steps 100000]

Prints for each how long it took and how much memory of its own the hub held at the most above what it held before. The body is
made while it is sent. Needs git.
"""

import argparse
import base64
import contextlib
import hashlib
import json
import os
import socket
import subprocess
import tempfile
import threading
import time

from hub import Client, Hub, person, say

MIB = 1 << 20
#: What the hub may hold above what it held before: pages of its database, up to `store.cache_size`, and what the indexes take
#: that follow the commit; deletions cost most. And how long a commit of 100,000 steps may take.
MEMORY = 384 * MIB
SECONDS = 60
#: Contents that large files share.
CONTENTS = 200
BASE = "/api/models/ana/many"
HEADER = {"key": "header", "value": {"summary": "Many at once", "description": ""}}


def text(number):
    """The content of a file."""
    return f"station {number}\nprecipitation {number * 7 % 1000} mm\n".encode()


def file_step(number):
    """Writes a small file."""
    content = base64.b64encode(text(number)).decode()
    return {"key": "file", "value": {"content": content, "path": f"flat/station-{number:06}.txt", "encoding": "base64"}}


def large_content(number):
    """The content of a large file."""
    return f"grid {number % CONTENTS}".encode() * 50


def large_step(number):
    """Writes a large file whose content was sent before."""
    content = large_content(number)
    path = f"grids/{number % 100:02}/grid-{number:06}.npy"
    oid = hashlib.sha256(content).hexdigest()
    return {"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": oid, "size": len(content)}}


def delete_step(number):
    """Deletes a small file."""
    return {"key": "deletedFile", "value": {"path": f"flat/station-{number:06}.txt"}}


def body(steps):
    """The lines of a commit, some at a time."""
    waiting = [json.dumps(HEADER)]
    for step in steps:
        waiting.append(json.dumps(step) if isinstance(step, dict) else step)
        if len(waiting) == 500:
            yield "\n".join([*waiting, ""]).encode()
            waiting = []
    yield "\n".join(waiting).encode()


def commit(client, steps, base=BASE):
    """Sends a commit and answers status and document."""
    response = client.send("POST", f"{base}/commit/main", body(steps), {"Content-Type": "application/x-ndjson"})
    return response.status, json.loads(response.read())


@contextlib.contextmanager
def measured(hub, what, limits):
    """Watches the memory that the hub holds of its own until its indexes have followed."""
    before = peak = hub.memory("RssAnon")
    ended = threading.Event()

    def watch():
        nonlocal peak
        while not ended.wait(0.02):
            peak = max(peak, hub.memory("RssAnon"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.monotonic()
    cost = {}
    try:
        yield cost
        seconds = time.monotonic() - began
        # The consumers of events go on behind the answer.
        time.sleep(5)
    finally:
        ended.set()
        watcher.join()
    say(f"     {what}: {seconds:.1f} s, {(peak - before) / MIB:.0f} MiB above {before / MIB:.0f} MiB")
    if limits:
        assert peak - before < MEMORY and seconds < SECONDS, what


def send_large(client):
    """Sends the contents of large files as git LFS does."""
    for number in range(CONTENTS):
        content = large_content(number)
        objects = [{"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}]
        batch = {"operation": "upload", "transfers": ["basic"], "hash_algo": "sha256", "objects": objects}
        answer = client.json("POST", "/ana/many.git/info/lfs/objects/batch", batch)
        address = answer["objects"][0]["actions"]["upload"]["href"].split(str(client.hub.port), 1)[1]
        Client(client.hub).call("PUT", address, content)


def listed(client, folder):
    """The number of files of a folder, counted page by page, and how long the slowest page took."""
    address, count, slowest = f"{BASE}/tree/main/{folder}?recursive=true&limit=1000", 0, 0
    while address:
        began = time.monotonic()
        _, headers, content = client.call("GET", address)
        slowest = max(slowest, time.monotonic() - began)
        count += sum(entry["type"] == "file" for entry in json.loads(content))
        link = headers.get("Link")
        address = link.split("<", 1)[1].split(">", 1)[0].split(str(client.hub.port), 1)[1] if link else None
    return count, slowest


def packs(folder):
    """What lies in the folder of packs."""
    found = []
    for where, _, names in os.walk(os.path.join(folder, "data", "git")):
        found += [name for name in names if where.endswith("objects/pack")]
    return sorted(found)


def at_once(hub, token, steps):
    """Three commits to three repositories at the same time; their statuses."""
    statuses = []

    def one(name):
        client = Client(hub, token)
        client.json("POST", "/api/repos/create", {"name": name})
        statuses.append(commit(client, map(file_step, range(steps)), f"/api/models/ana/{name}")[0])

    threads = [threading.Thread(target=one, args=(f"beside-{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def tip(client):
    """Where the branch stands."""
    return client.json("GET", BASE)["sha"]


def refused_commits(client, folder, token, steps):
    """What is refused leaves nothing behind."""
    before = tip(client), packs(folder)
    half = steps // 20

    def broken():
        for number in range(half):
            yield file_step(number + steps)
        yield '{"key": "file", "value": {"path": '
        yield file_step(0)

    status, answer = commit(client, broken())
    assert status == 400 and answer["error"], (status, answer)
    say(f"     a broken line: {answer['error']}")
    twice = [file_step(steps + 1), file_step(steps + 1)]
    status, answer = commit(client, twice)
    assert status == 422 and answer["error"], (status, answer)
    with socket.create_connection(("127.0.0.1", client.hub.port)) as connection:
        head = f"POST {BASE}/commit/main HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {token}\r\nContent-Length: 999999999\r\n"
        connection.sendall(head.encode() + b"Content-Type: application/x-ndjson\r\n\r\n")
        for piece in body(file_step(number + steps) for number in range(half)):
            connection.sendall(piece)
    deadline = time.monotonic() + 30
    while (now := (tip(client), packs(folder))) != before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert now == before, (before, now)


def main():
    """Runs the check."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--no-limits", action="store_true", help="of a build without optimisation: print, and go on")
    options = parser.parse_args()
    limits = not options.no_limits
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(os.path.abspath(options.binary), os.path.join(folder, "data"))
        hub.start()
        token = person(hub, "ana")
        client = Client(hub, token)
        client.json("POST", "/api/repos/create", {"name": "many"})
        # What a start does in the background is no part of a commit.
        time.sleep(3)
        with measured(hub, f"{options.steps:,} small files", limits):
            status, answer = commit(client, map(file_step, range(options.steps)))
            assert status == 200, answer
        count, slowest = listed(client, "flat")
        say(f"     listed {count:,} files, the slowest page of 1,000 took {slowest:.2f} s")
        assert count == options.steps
        got = client.call("GET", f"/ana/many/resolve/main/flat/station-{options.steps - 1:06}.txt")[2]
        assert got == text(options.steps - 1)
        with measured(hub, f"three times {options.steps // 2:,} small files at once", limits):
            assert at_once(hub, token, options.steps // 2) == [200, 200, 200]
        refused_commits(client, folder, token, options.steps)
        send_large(client)
        with measured(hub, f"{options.steps:,} large files of {CONTENTS} contents", limits):
            status, answer = commit(client, map(large_step, range(options.steps)))
            assert status == 200, answer
        assert listed(client, "grids")[0] == options.steps
        with measured(hub, f"{options.steps:,} deletions", limits):
            status, answer = commit(client, map(delete_step, range(options.steps)))
            assert status == 200, answer
        info = client.json("GET", BASE + "?blobs=false")
        assert not any(entry["path"] == "flat" for entry in client.json("GET", f"{BASE}/tree/main")), info["sha"]
        hub.stop()
        for where, folders, _ in os.walk(os.path.join(folder, "data", "git")):
            if "objects" in folders:
                subprocess.run(["git", "-C", where, "fsck", "--full", "--strict"], check=True)
        checked = subprocess.run([options.binary, "check", "--data", os.path.join(folder, "data")], check=False)
        assert checked.returncode == 0
    say("All is well.")


if __name__ == "__main__":
    main()
