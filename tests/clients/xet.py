"""Runs unmodified Hugging Face clients with Xet against the real binary: content that is sent and read by chunk.

    target/test-tools/xet/bin/python tests/clients/xet.py --binary target/debug/geoml-hub

Prints for each case how long the files are, how many bytes went to the hub, and how many more it stores. Every file is read
back by Xet, by HTTP, by ranges and by git LFS. Needs git and git-lfs.
"""

import argparse
import contextlib
import hashlib
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

# Read by the libraries when they are loaded.
os.environ.update(HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1", HF_HUB_DISABLE_UPDATE_CHECK="1")

from hub import Client, Hub, person, say

passed = 0


def step(text):
    """Says what went well, and counts it."""
    global passed
    passed += 1
    say(f"ok {passed} - {text}")


class Counter:
    """A port before the hub that counts what goes through it."""

    def __init__(self, port):
        self.hub = port
        self.sent = 0
        self.reconstructions = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            hub = socket.create_connection(("127.0.0.1", self.hub))
            for ends in ((client, hub, True), (hub, client, False)):
                threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source, target, is_request):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 18):
                if is_request:
                    self.sent += len(data)
                    self.reconstructions += data.count(b"/reconstructions/")
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


class Case:
    """The hub with one account, and what was sent to it."""

    def __init__(self, hub, counter, api, library, folder, token):
        self.hub = hub
        self.counter = counter
        self.api = api
        self.library = library
        self.folder = folder
        self.token = token
        self.sums = {}

    def stored(self):
        """Bytes of large content that the hub keeps."""
        kept = [os.path.join(self.folder, "data", name) for name in ("blobs", "xorbs")]
        return sum(os.path.getsize(os.path.join(where, name)) for top in kept for where, _, names in os.walk(top) for name in names)

    @contextlib.contextmanager
    def measured(self, what, length):
        """Prints what the work in it cost, and answers it afterwards in the mapping."""
        cost = {}
        sent, stored = self.counter.sent, self.stored()
        yield cost
        cost.update(sent=self.counter.sent - sent, stored=self.stored() - stored)
        say(f"     {what}: {length:,} bytes, {cost['sent']:,} sent, {cost['stored']:,} stored")

    def send(self, what, repository, path, content, kind="model"):
        """Uploads one file and answers what that cost."""
        source = os.path.join(self.folder, "source")
        with open(source, "wb") as file:
            file.write(content)
        with self.measured(what, len(content)) as cost:
            self.api.upload_file(path_or_fileobj=source, path_in_repo=path, repo_id=repository, repo_type=kind)
        self.sums[kind, repository, path] = hashlib.sha256(content).hexdigest()
        self.read(repository, path, content, kind)
        return cost

    def read(self, repository, path, content, kind="model"):
        """Reads one file by Xet, by HTTP and by ranges."""
        before = self.counter.reconstructions
        target = tempfile.mkdtemp(dir=self.folder)
        got = self.library.hf_hub_download(repository, path, repo_type=kind, local_dir=target, token=self.token, force_download=True)
        with open(got, "rb") as file:
            assert digest(file.read()) == digest(content), f"{path} came back by Xet as something else"
        assert self.counter.reconstructions > before, f"{path} did not come by Xet"
        assert self.get(repository, path, kind) == content, f"{path} came back by HTTP as something else"
        chance = random.Random(path)
        for _ in range(6):
            start = chance.randrange(len(content))
            end = min(len(content), start + 1 + chance.randrange(300_000))
            got = self.get(repository, path, kind, {"Range": f"bytes={start}-{end - 1}"})
            assert got == content[start:end], f"bytes {start} to {end} of {path} came back as something else"

    def get(self, repository, path, kind="model", headers=None):
        """Downloads by HTTP alone."""
        prefix = {"model": "", "dataset": "datasets/"}[kind]
        address = f"{self.api.endpoint}/{prefix}{repository}/resolve/main/{path}"
        headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
            return answer.read()


def digest(content):
    """The SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def noise(seed, length):
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(length)


def files_and_folders(case):
    """Files that repeat themselves, and many at once."""
    case.api.create_repo("ana/rain")
    content = noise(1, 30_000_000)
    cost = case.send("new", "ana/rain", "w/model.bin", content)
    assert 30_000_000 < cost["sent"] < 31_000_000 and cost["stored"] < 31_000_000, cost
    cost = case.send("the same at another path", "ana/rain", "w/copy.bin", content)
    assert cost["sent"] < 200_000 and cost["stored"] < 100_000, cost
    cost = case.send("something put into its middle", "ana/rain", "w/inserted.bin", content[:15_000_000] + b"hail" + content[15_000_000:])
    assert cost["sent"] < 2_000_000 and cost["stored"] < 2_000_000, cost
    repeated = noise(2, 3_000_000) * 10
    cost = case.send("ten times the same", "ana/rain", "w/repeated.bin", repeated)
    assert cost["sent"] < 10_000_000, cost
    case.send("zeros", "ana/rain", "w/zeros.bin", bytes(5_000_000))
    case.send("short", "ana/rain", "w/short.bin", b"x")
    step("files are sent by chunk, and what the hub has is not sent again")

    source = os.path.join(case.folder, "many")
    os.makedirs(source)
    total = 0
    for number in range(150):
        content = noise(1000 + number, 20_000 + 700 * number)
        total += len(content)
        with open(os.path.join(source, f"{number}.npy"), "wb") as file:
            file.write(content)
        case.sums["model", "ana/rain", f"data/{number}.npy"] = digest(content)
    for number in range(100):
        with open(os.path.join(source, f"{number}.json"), "w", encoding="utf-8") as file:
            file.write(f'{{"station": {number}}}')
    with case.measured("a folder of 250 files", total):
        case.api.upload_folder(folder_path=source, repo_id="ana/rain", path_in_repo="data")
    snapshot = case.library.snapshot_download("ana/rain", token=case.token, allow_patterns=["data/**"])
    names = os.listdir(os.path.join(snapshot, "data"))
    assert len(names) == 250, len(names)
    for name in names:
        if name.endswith(".npy"):
            with open(os.path.join(snapshot, "data", name), "rb") as file:
                assert digest(file.read()) == case.sums["model", "ana/rain", f"data/{name}"], name
    step("upload_folder sends many files, and snapshot_download brings them")


def checkpoints(case):
    """Two versions of weights."""
    import numpy
    from safetensors.numpy import save

    case.api.create_repo("ana/weights")
    numbers = numpy.random.default_rng(1)
    tensors = {f"layer.{index}.weight": numbers.standard_normal((512, 512), dtype=numpy.float32) for index in range(40)}
    first = case.send("a checkpoint", "ana/weights", "model.safetensors", save(tensors))
    for index in (7, 23):
        tensors[f"layer.{index}.weight"] = numbers.standard_normal((512, 512), dtype=numpy.float32)
    second = case.send("5 % of its tensors changed", "ana/weights", "model.safetensors", save(tensors))
    assert second["sent"] < first["sent"] / 8 and second["stored"] < first["stored"] / 8, (first, second)
    step("a second version of a checkpoint costs what changed")
    read_back(case, tensors)


def read_back(case, tensors):
    """The weights are read as such, and `hf cache verify` tells whole copies from damaged ones."""
    from safetensors.numpy import load_file

    path = case.api.hf_hub_download("ana/weights", "model.safetensors")
    read = load_file(path)
    assert read.keys() == tensors.keys() and all((read[name] == tensors[name]).all() for name in tensors)
    verify = [os.path.join(os.path.dirname(sys.executable), "hf"), "cache", "verify", "ana/weights"]
    environment = {**os.environ, "HF_TOKEN": case.token}
    whole = subprocess.run(verify, env=environment, capture_output=True, text=True, check=False)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    with open(path, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x7f")
    damaged = subprocess.run(verify, env=environment, capture_output=True, text=True, check=False)
    assert damaged.returncode == 1 and "sha256" in damaged.stdout + damaged.stderr, damaged
    os.remove(os.path.realpath(path))
    os.remove(path)
    step("weights are read back, and hf cache verify finds a damaged copy")


def second_machine(case):
    """Another machine, which remembers nothing of the first, sends the second version of its file."""
    case.api.create_repo("ana/moved")
    content = noise(3, 60_000_000)
    case.send("60 MB", "ana/moved", "model.bin", content)
    content = content[:30_000_000] + noise(4, 200_000) + content[30_100_000:]
    source = os.path.join(case.folder, "source")
    with open(source, "wb") as file:
        file.write(content)
    upload = "import sys, huggingface_hub as hub; hub.HfApi(token=sys.argv[1]).upload_file("
    upload += "path_or_fileobj=sys.argv[2], path_in_repo='model.bin', repo_id='ana/moved')"
    environment = {**os.environ, "HF_HOME": os.path.join(case.folder, "other-home")}
    environment.pop("HF_XET_CACHE", None)
    with case.measured("its second version, from another machine", len(content)) as cost:
        subprocess.run([sys.executable, "-c", upload, case.token, source], env=environment, check=True)
    assert cost["sent"] < 3_000_000 and cost["stored"] < 3_000_000, cost
    case.sums["model", "ana/moved", "model.bin"] = digest(content)
    case.read("ana/moved", "model.bin", content)
    step("a machine that never saw a file sends what of it is new")


def tables_and_grids(case):
    """Files that grow."""
    import pyarrow
    from pyarrow import parquet

    case.api.create_repo("ana/rows", repo_type="dataset")

    def table(count):
        chance = random.Random(5)
        rows = {"station": range(count), "rain": [chance.random() for _ in range(count)]}
        sink = pyarrow.BufferOutputStream()
        parquet.write_table(pyarrow.table(rows), sink, use_content_defined_chunking=True, compression="snappy")
        return sink.getvalue().to_pybytes()

    first = case.send("a Parquet file", "ana/rows", "train.parquet", table(600_000), "dataset")
    second = case.send("5 % more rows", "ana/rows", "train.parquet", table(630_000), "dataset")
    assert second["sent"] < first["sent"] / 3, (first, second)

    steps = [noise(100 + number, 100_000 * 4) for number in range(44)]
    first = case.send("a NetCDF file of 40 times", "ana/rows", "rain.nc", netcdf(steps[:40]), "dataset")
    second = case.send("four times more", "ana/rows", "rain.nc", netcdf(steps), "dataset")
    assert second["sent"] < first["sent"] / 5 and second["stored"] < first["stored"] / 5, (first, second)
    step("tables and grids that grow cost what is new")


def netcdf(steps):
    """A classic NetCDF file with one variable of floats (NetCDF classic format specification, version 1) along time."""
    def name(text):
        padded = text.encode().ljust(-(-len(text) // 4) * 4, b"\0")
        return struct.pack(">i", len(text)) + padded

    cells = len(steps[0]) // 4
    head = b"CDF\x01" + struct.pack(">i", len(steps))
    head += struct.pack(">ii", 10, 2) + name("time") + struct.pack(">i", 0) + name("cell") + struct.pack(">i", cells)
    head += struct.pack(">ii", 0, 0)
    head += struct.pack(">ii", 11, 1) + name("rain") + struct.pack(">iii", 2, 0, 1) + struct.pack(">ii", 0, 0)
    head += struct.pack(">iii", 5, cells * 4, len(head) + 12)
    return head + b"".join(steps)


def whole_files(case):
    """A file that came in one piece by HTTP is read by Xet once the hub has cut it, and its next version is sent by chunk."""
    case.api.create_repo("ana/whole")
    content = noise(6, 40_000_000)
    client = Client(case.hub, case.token)
    fields = {"path": "model.bin", "message": "Add model.bin"}
    client.form("/api/ana/whole/upload", fields, [("file", "model.bin", content)])

    def told():
        return case.api.get_paths_info("ana/whole", ["model.bin"])[0].xet_hash

    assert told() is None, told()
    client.json("POST", "/api/admin/tasks/chunk-whole-files/run", {})
    deadline = time.monotonic() + 300
    while told() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    case.read("ana/whole", "model.bin", content)
    changed = content[:20_000_000] + b"hail" + content[20_000_000:]
    cost = case.send("a version of a file that came whole", "ana/whole", "model.bin", changed)
    assert cost["sent"] < 2_000_000 and cost["stored"] < 2_000_000, cost
    step("a file that came whole is read by Xet, and its next version costs what changed")


def clones(case):
    """Everything once more, by git and git LFS."""
    for kind, repository in sorted({key[:2] for key in case.sums}):
        target = tempfile.mkdtemp(dir=case.folder)
        prefix = {"model": "", "dataset": "datasets/"}[kind]
        address = f"{case.api.endpoint}/{prefix}{repository}".replace("://", f"://ana:{case.token}@")
        environment = {**os.environ, "HOME": case.folder, "GIT_TERMINAL_PROMPT": "0"}
        subprocess.run(["git", "lfs", "install"], env=environment, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["git", "clone", "--quiet", address, target], env=environment, check=True)
        for key, expected in case.sums.items():
            if key[:2] == (kind, repository):
                with open(os.path.join(target, key[2]), "rb") as file:
                    assert digest(file.read()) == expected, key
    step("clones by git LFS have the same content")


def restarts(case):
    """Stops the hub in the middle of its work; clients go on with what they remember of it."""
    case.hub.kill()
    case.hub.start()
    case.counter.hub = case.hub.port
    content = noise(1, 30_000_000)
    cost = case.send("the first file again, after a kill", "ana/rain", "w/third.bin", content)
    assert cost["sent"] < 200_000, cost
    step("what a client remembers of the hub is there after a kill")


def other_caches(case):
    """Another person with the same bytes pays for them, and sees nothing of the first."""
    ben = person(case.hub, "ben")
    other = case.library.HfApi(token=ben)
    other.create_repo("ben/rain", private=True)
    source = os.path.join(case.folder, "source")
    content = noise(1, 30_000_000)
    with open(source, "wb") as file:
        file.write(content)
    with case.measured("the same from another account", len(content)) as cost:
        other.upload_file(path_or_fileobj=source, path_in_repo="model.bin", repo_id="ben/rain")
    assert cost["sent"] > 29_000_000, cost
    assert cost["stored"] < 1_000_000, cost
    target = tempfile.mkdtemp(dir=case.folder)
    with open(case.library.hf_hub_download("ben/rain", "model.bin", local_dir=target, token=ben), "rb") as file:
        assert digest(file.read()) == digest(content)
    step("the same bytes are proven by every account, and stored once")


def models_and_datasets(case):
    """transformers and datasets, which stand on the same library."""
    from datasets import load_dataset
    from tokenizers import Tokenizer, models
    from transformers import AutoConfig, AutoTokenizer, BertConfig, PreTrainedTokenizerFast

    BertConfig(hidden_size=24, num_attention_heads=2).push_to_hub("ana/bert", token=case.token)
    assert AutoConfig.from_pretrained("ana/bert", token=case.token).hidden_size == 24
    words = Tokenizer(models.WordLevel({"rain": 0, "hail": 1, "[UNK]": 2}, unk_token="[UNK]"))
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]").push_to_hub("ana/bert", token=case.token)
    assert AutoTokenizer.from_pretrained("ana/bert", token=case.token).encode("hail") == [1]
    step("push_to_hub and from_pretrained of a configuration and a tokenizer")

    rows = load_dataset("ana/rows", data_files="train.parquet", split="train", streaming=True, token=case.token)
    assert [row["station"] for row in rows.take(5)] == [0, 1, 2, 3, 4]
    rows = load_dataset("ana/rows", data_files="train.parquet", split="train", token=case.token)
    assert rows.num_rows == 630_000, rows
    step("load_dataset reads a table, whole and streaming")


def check(binary, folder):
    """The hub's own look at its data."""
    data = os.path.join(folder, "data")
    done = subprocess.run([binary, "check", "--data", data], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def main():
    """Starts a hub, runs everything, and fails when one of its steps does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--without-heavy", action="store_true", help="leave out transformers and datasets")
    arguments = parser.parse_args()
    binary = os.path.abspath(arguments.binary)
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(binary, os.path.join(folder, "data"), {"GEOML_HUB__STORAGE__CHUNK_WHOLE_FILES": "true"})
        hub.start()
        counter = Counter(hub.port)
        try:
            os.environ.update(HF_HOME=os.path.join(folder, "home"), HF_ENDPOINT=f"http://127.0.0.1:{counter.port}")
            run(hub, counter, folder, arguments)
            hub.stop()
        finally:
            if hub.process.poll() is None:
                hub.kill()
        assert not hub.trouble(), "".join(hub.trouble())
        check(binary, folder)
    say(f"{passed} passed, 0 failed")


def run(hub, counter, folder, arguments):
    """All steps, in order. The libraries are loaded when they can know where the hub is."""
    import hf_xet
    import huggingface_hub

    say(f"huggingface_hub {huggingface_hub.__version__}, {hf_xet.__name__}")
    token = person(hub, "ana")
    case = Case(hub, counter, huggingface_hub.HfApi(token=token), huggingface_hub, folder, token)
    files_and_folders(case)
    checkpoints(case)
    second_machine(case)
    tables_and_grids(case)
    whole_files(case)
    restarts(case)
    clones(case)
    other_caches(case)
    if not arguments.without_heavy:
        models_and_datasets(case)


if __name__ == "__main__":
    main()
