"""Large content by unmodified Hugging Face clients against the real binary: by Xet, and by LFS as they send it without Xet.

    target/test-tools/xet/bin/python tests/clients/xet_large.py --binary target/debug/geoml-hub

Prints for each case how long the files are, how many bytes went to the hub, how many more it stores, how long that took, and
how much memory of its own the hub held at the most. Nothing is held in memory here either. Needs git, git-lfs and 14 GB.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from xet import Counter, check

from hub import Hub, person, say

MIB = 1 << 20
TENSORS = 128
TENSOR = 8 * MIB
#: Of the tensors, about 5 percent.
CHANGED = (3, 31, 59, 60, 88, 120)
#: What the hub may hold above what it held before.
MEMORY = 64 * MIB
FILES = 3_000

LFS_UPLOAD = """
import sys
from huggingface_hub import HfApi
HfApi().upload_file(path_or_fileobj=sys.argv[1], path_in_repo=sys.argv[2], repo_id=sys.argv[3])
"""


class Case:
    """The hub with one account."""

    def __init__(self, hub, counter, library, folder, token):
        self.hub = hub
        self.counter = counter
        self.library = library
        self.api = library.HfApi(token=token)
        self.folder = folder
        self.token = token

    def stored(self):
        """Bytes of large content that the hub keeps."""
        kept = [os.path.join(self.folder, "data", name) for name in ("blobs", "xorbs")]
        return sum(os.path.getsize(os.path.join(where, name)) for top in kept for where, _, names in os.walk(top) for name in names)

    @contextlib.contextmanager
    def measured(self, what, length):
        """Prints what the work in it cost, and answers it afterwards in the mapping."""
        cost = {}
        sent, stored, began = self.counter.sent, self.stored(), time.monotonic()
        with peak_memory(self.hub) as memory:
            yield cost
        seconds = time.monotonic() - began
        cost.update(sent=self.counter.sent - sent, stored=self.stored() - stored, memory=memory["peak"] - memory["before"])
        say(
            f"     {what}: {length:,} bytes, {cost['sent']:,} sent, {cost['stored']:,} stored, {seconds:.1f} s, "
            f"{cost['memory'] / MIB:.0f} MiB above idle"
        )

    def read(self, repository, path, expected, length):
        """Reads one file by Xet, by HTTP and by ranges; each piece is compared with the file at hand."""
        target = tempfile.mkdtemp(dir=self.folder)
        before = self.counter.reconstructions
        with self.measured("  read by Xet", length) as cost:
            got = self.library.hf_hub_download(repository, path, local_dir=target, token=self.token, force_download=True)
        assert self.counter.reconstructions > before, f"{path} did not come by Xet"
        assert cost["memory"] < MEMORY, cost
        assert digest_of(got) == expected, f"{path} came back by Xet as something else"
        with self.measured("  read by HTTP", length) as cost, self.open(repository, path) as answer:
            assert digest(answer) == expected, f"{path} came back by HTTP as something else"
        assert cost["memory"] < MEMORY, cost
        chance = random.Random(path)
        with open(got, "rb") as file:
            for _ in range(8):
                start = chance.randrange(length)
                end = min(length, start + 1 + chance.randrange(3 * MIB))
                file.seek(start)
                with self.open(repository, path, f"bytes={start}-{end - 1}") as answer:
                    assert answer.read() == file.read(end - start), f"bytes {start} to {end} of {path} are something else"
        os.remove(got)

    def open(self, repository, path, wanted=None):
        """Begins a download by HTTP alone."""
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Range": wanted} if wanted else {})
        address = f"{self.api.endpoint}/{repository}/resolve/main/{path}"
        return urllib.request.urlopen(urllib.request.Request(address, headers=headers))


@contextlib.contextmanager
def peak_memory(hub):
    """Looks again and again at the memory that the hub holds of its own."""
    memory = {"before": hub.memory("RssAnon")}
    memory["peak"] = memory["before"]
    ended = threading.Event()

    def watch():
        while not ended.wait(0.02):
            memory["peak"] = max(memory["peak"], hub.memory("RssAnon"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield memory
    finally:
        ended.set()
        watcher.join()


def digest(file):
    """The SHA-256 of what a file or an answer holds."""
    summed = hashlib.sha256()
    while piece := file.read(MIB):
        summed.update(piece)
    return summed.hexdigest()


def digest_of(path):
    """The SHA-256 of a file."""
    with open(path, "rb") as file:
        return digest(file)


def noise(*seed):
    """The numbers of a tensor, which do not compress."""
    import numpy

    return numpy.random.default_rng(seed).integers(0, 1 << 32, TENSOR // 4, dtype=numpy.uint32).tobytes()


def write_checkpoint(path, version):
    """A safetensors file of 1 GiB, written tensor by tensor; the second version has other numbers in some of them."""
    places = {
        f"layer.{index}.weight": {"dtype": "U32", "shape": [TENSOR // 4], "data_offsets": [index * TENSOR, (index + 1) * TENSOR]}
        for index in range(TENSORS)
    }
    header = json.dumps(places).encode()
    with open(path, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for index in range(TENSORS):
            file.write(noise(index, version if index in CHANGED else 1))
    return os.path.getsize(path)


def checkpoints(case, step):
    """Two versions of 1 GiB of weights."""
    case.api.create_repo("ana/weights")
    path = os.path.join(case.folder, "model.safetensors")
    costs = []
    for version, what in ((1, "a checkpoint"), (2, "5 % of its tensors changed")):
        length = write_checkpoint(path, version)
        with case.measured(what, length) as cost:
            case.api.upload_file(path_or_fileobj=path, path_in_repo="model.safetensors", repo_id="ana/weights")
        assert cost["memory"] < MEMORY, cost
        case.read("ana/weights", "model.safetensors", digest_of(path), length)
        costs.append(cost)
    first, second = costs
    assert second["sent"] < first["sent"] / 12 and second["stored"] < first["stored"] / 12, costs
    step("a second version of 1 GiB of weights costs what changed, and comes back by Xet, HTTP and ranges")

    target = os.path.join(case.folder, "clone")
    environment = {**os.environ, "HOME": case.folder, "GIT_TERMINAL_PROMPT": "0"}
    address = f"{case.api.endpoint}/ana/weights".replace("://", f"://ana:{case.token}@")
    subprocess.run(["git", "lfs", "install"], env=environment, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["git", "clone", "--quiet", address, target], env=environment, check=True)
    assert digest_of(os.path.join(target, "model.safetensors")) == digest_of(path)
    subprocess.run(["rm", "-rf", target, path], check=True)
    step("git LFS brings it whole")


def two_gibibytes(case, step):
    """2 GiB by Xet, and as many others by LFS."""
    case.api.create_repo("ana/field")
    path = os.path.join(case.folder, "field.npy")
    for number, name in enumerate(("by-xet.npy", "by-lfs.npy")):
        with open(path, "wb") as file:
            for index in range((2 << 30) // TENSOR):
                file.write(noise(1_000 + number, index))
        length, expected = os.path.getsize(path), digest_of(path)
        with case.measured(name, length) as cost:
            if number == 0:
                case.api.upload_file(path_or_fileobj=path, path_in_repo=name, repo_id="ana/field")
            else:
                environment = {**os.environ, "HF_HUB_DISABLE_XET": "1", "HF_TOKEN": case.token}
                subprocess.run([sys.executable, "-c", LFS_UPLOAD, path, name, "ana/field"], env=environment, check=True)
        assert cost["memory"] < MEMORY, cost
        with case.open("ana/field", name) as answer:
            assert digest(answer) == expected, f"{name} came back as something else"
    os.remove(path)
    step("2 GiB go to the hub by Xet and by LFS, in memory that stays flat")


def many_files(case, step):
    """A folder of 3,000 files, there and back."""
    case.api.create_repo("ana/stations", repo_type="dataset")
    source = os.path.join(case.folder, "stations")
    for number in range(FILES):
        where = os.path.join(source, f"{number % 30:02}")
        os.makedirs(where, exist_ok=True)
        with open(os.path.join(where, f"{number}.csv"), "w", encoding="utf-8") as file:
            file.writelines(f"{number},{hour},{(number * 31 + hour * 7) % 400 / 10}\n" for hour in range(24))
    length = sum(os.path.getsize(os.path.join(top, name)) for top, _, names in os.walk(source) for name in names)
    with case.measured(f"a folder of {FILES:,} files", length):
        case.api.upload_folder(folder_path=source, repo_id="ana/stations", repo_type="dataset")
    with case.measured("  read as a snapshot", length):
        snapshot = case.library.snapshot_download("ana/stations", repo_type="dataset", token=case.token)
    for number in range(FILES):
        name = os.path.join(f"{number % 30:02}", f"{number}.csv")
        assert digest_of(os.path.join(snapshot, name)) == digest_of(os.path.join(source, name)), name
    step(f"upload_folder sends {FILES:,} files, and snapshot_download brings them")


def main():
    """Starts a hub, runs everything, and fails when one of its steps does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    binary = os.path.abspath(parser.parse_args().binary)
    passed = []

    def step(text):
        passed.append(text)
        say(f"ok {len(passed)} - {text}")

    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(binary, os.path.join(folder, "data"), {"GEOML_HUB__STORAGE__QUOTA": "100 GiB"})
        hub.start()
        counter = Counter(hub.port)
        try:
            os.environ.update(HF_HOME=os.path.join(folder, "home"), HF_ENDPOINT=f"http://127.0.0.1:{counter.port}")
            import huggingface_hub

            case = Case(hub, counter, huggingface_hub, folder, person(hub, "ana"))
            for flow in (checkpoints, two_gibibytes, many_files):
                flow(case, step)
            hub.stop()
        finally:
            if hub.process.poll() is None:
                hub.kill()
        assert not hub.trouble(), "".join(hub.trouble())
        check(binary, folder)
    say(f"{len(passed)} passed, 0 failed")


if __name__ == "__main__":
    main()
