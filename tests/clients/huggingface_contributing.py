"""Runs an unmodified huggingface_hub against the real binary: somebody who may only read proposes large files in pull
requests, and the owner merges them. By the Xet protocol where the client knows it, or by git LFS with `--lfs`.

    target/test-tools/huggingface-2.4.0/bin/python tests/clients/huggingface_contributing.py --binary target/debug/geoml-hub
"""

import argparse
import hashlib
import os
import random
import sys
import tempfile

# Read by the library when it is loaded.
os.environ.update(HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1", HF_HUB_DISABLE_UPDATE_CHECK="1")
if "--lfs" in sys.argv:
    os.environ["HF_HUB_DISABLE_XET"] = "1"

from hub import Hub, person, say

MODEL = "ana/rain"
LARGE_BYTES = 30_000_000


def noise(seed, length):
    """Bytes that nothing compresses."""
    return random.Random(seed).randbytes(length)


def read_from_main(ana, folder, path, content):
    """Downloads a file anew and compares its digest."""
    found = ana.hf_hub_download(MODEL, path, cache_dir=os.path.join(folder, "cache"), force_download=True)
    with open(found, "rb") as file:
        assert hashlib.sha256(file.read()).digest() == hashlib.sha256(content).digest(), path


def one_file(ana, ben, folder):
    """A file of 30 MB by its path."""
    content = noise(1, LARGE_BYTES)
    path = os.path.join(folder, "weights.bin")
    with open(path, "wb") as file:
        file.write(content)
    from huggingface_hub.errors import HfHubHTTPError

    forbidden = lambda: ben.upload_file(path_or_fileobj=path, path_in_repo="weights.bin", repo_id=MODEL)
    try:
        forbidden()
    except (HfHubHTTPError, ConnectionError, PermissionError, RuntimeError) as raised:
        assert "403" in str(raised) or "orbidden" in str(raised), raised
    else:
        raise AssertionError("a reader wrote to a branch")
    made = ben.upload_file(path_or_fileobj=path, path_in_repo="weights.bin", repo_id=MODEL, create_pr=True)
    assert made.pr_num == 1, made
    more = content[: LARGE_BYTES // 2] + noise(2, LARGE_BYTES // 2)
    with open(path, "wb") as file:
        file.write(more)
    ben.upload_file(path_or_fileobj=path, path_in_repo="more.bin", repo_id=MODEL, revision=made.pr_revision)
    ana.merge_pull_request(MODEL, 1)
    read_from_main(ana, folder, "weights.bin", content)
    read_from_main(ana, folder, "more.bin", more)
    say("ok - a reader proposes a file of 30 MB and a second one, and the owner merges them")


def a_folder(ana, ben, folder):
    """A folder with large and small files."""
    files = {f"part-{number}.bin": noise(10 + number, 12_000_000) for number in range(3)}
    files["notes.md"] = b"# Parts\n"
    source = os.path.join(folder, "parts")
    os.mkdir(source)
    for name, content in files.items():
        with open(os.path.join(source, name), "wb") as file:
            file.write(content)
    made = ben.upload_folder(folder_path=source, path_in_repo="parts", repo_id=MODEL, create_pr=True)
    # With Xet the client opens a draft and commits to it; who proposes says when it is ready.
    if ben.get_discussion_details(MODEL, made.pr_num).status == "draft":
        ben.change_discussion_status(MODEL, made.pr_num, "open")
    ana.merge_pull_request(MODEL, made.pr_num)
    for name, content in files.items():
        read_from_main(ana, folder, f"parts/{name}", content)
    say("ok - a reader proposes a folder, and the owner merges it")


def beyond_the_share(ben):
    """More than what those who may not write may propose together."""
    from huggingface_hub import CommitOperationAdd

    large = CommitOperationAdd(path_in_repo="huge.bin", path_or_fileobj=noise(7, 80_000_000))
    try:
        ben.create_commit(MODEL, [large], commit_message="Too much", create_pr=True)
    except Exception as raised:  # Each way of sending has an error of its own.
        assert "413" in str(raised) or "may not write" in str(raised), raised
    else:
        raise AssertionError("the share had no end")
    say("ok - what is more than the share of those who may not write is refused")


def main():
    """Runs everything on a hub of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--lfs", action="store_true")
    binary = parser.parse_args().binary
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = os.path.join(folder, "home")
        hub = Hub(binary, os.path.join(folder, "data"), {"GEOML_HUB__STORAGE__CONTRIBUTIONS": "70 MiB"})
        hub.start()
        os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{hub.port}"
        from huggingface_hub import HfApi

        ana, ben = (HfApi(token=person(hub, name)) for name in ("ana", "ben"))
        ana.create_repo(MODEL)
        one_file(ana, ben, folder)
        a_folder(ana, ben, folder)
        beyond_the_share(ben)
        hub.stop()
        trouble = hub.trouble()
        assert not trouble, trouble


if __name__ == "__main__":
    main()
