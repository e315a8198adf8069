"""Runs an unmodified huggingface_hub against the real binary: everything that a notebook does with a model and a dataset.

    target/test-tools/huggingface-2.4.0/bin/python tests/clients/huggingface.py --binary target/debug/geoml-hub

Large files go by git LFS, which is the way of clients before Xet, and of newer ones that are told to leave it.
"""

import argparse
import hashlib
import io
import os
import subprocess
import sys
import tempfile

# Read by the library when it is loaded, like the folder of what it keeps and the address of the hub.
os.environ.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
os.environ["HF_HUB_DISABLE_UPDATE_CHECK"] = "1"

from hub import Hub, person, refused, say, until

CARD = """---
title: Rain
license: mit
language: en
tags: [nowcasting]
pipeline_tag: tabular-regression
---

# Rain
"""
passed = 0


def step(text):
    """Says what went well, and counts it."""
    global passed
    passed += 1
    say(f"ok {passed} - {text}")


def content_of(length):
    """Bytes that do not compress."""
    return hashlib.shake_128(str(length).encode()).digest(length)


def accounts_and_repositories(api, other, nobody, errors):
    """Who one is; making, finding, hiding, moving and deleting repositories."""
    me = api.whoami()
    assert (me["name"], me["auth"]["accessToken"]["displayName"]) == ("ana", "notebook"), me
    wrong = type(api)(endpoint=api.endpoint, token="gml_wrong")
    assert "Invalid credentials" in str(refused(errors.HfHubHTTPError, wrong.model_info, "ana/rain"))
    step("a token says whose it is, and a wrong one is refused")

    url = api.create_repo("ana/rain")
    assert (url.repo_id, url.repo_type) == ("ana/rain", "model"), url
    assert api.create_repo("rain", exist_ok=True).repo_id == "ana/rain"
    assert refused(errors.HfHubHTTPError, api.create_repo, "ana/rain").response.status_code == 409
    assert refused(errors.HfHubHTTPError, other.create_repo, "ana/mine").response.status_code == 403
    assert other.create_repo("ana/rain", exist_ok=True).repo_id == "ana/rain"
    assert api.list_repo_files("ana/rain") == [".gitattributes"]
    assert api.create_repo("ana/rain", repo_type="dataset", private=True).repo_type == "dataset"
    assert api.create_repo("ana/demo", repo_type="space", space_sdk="gradio").repo_type == "space"
    step("create_repo makes models, datasets and spaces, and takes what exists")

    assert api.repo_exists("ana/rain", repo_type="dataset") and not other.repo_exists("ana/rain", repo_type="dataset")
    for who in (api, other, nobody):
        refused(errors.RepositoryNotFoundError, who.repo_info, "ana/none")
    for who in (other, nobody):
        refused(errors.RepositoryNotFoundError, who.dataset_info, "ana/rain")
    refused(errors.RepositoryNotFoundError, api.model_info, "none")
    refused(errors.RevisionNotFoundError, api.model_info, "ana/rain", revision="none")
    api.auth_check("ana/rain")
    refused(errors.RepositoryNotFoundError, other.auth_check, "ana/rain", repo_type="dataset")
    assert not other.repo_exists("ana/rain", repo_type="dataset")
    step("what is missing and what is hidden raise the same class")

    api.create_repo("ana/hail")
    api.move_repo("ana/hail", "ana/snow")
    assert api.model_info("ana/hail").id == "ana/snow"
    assert refused(errors.HfHubHTTPError, api.move_repo, "ana/snow", "ana/rain").response.status_code == 409
    assert refused(errors.HfHubHTTPError, other.delete_repo, "ana/snow").response.status_code == 403
    api.delete_repo("ana/snow")
    refused(errors.RepositoryNotFoundError, api.delete_repo, "ana/snow")
    api.delete_repo("ana/snow", missing_ok=True)
    step("an old name leads to the new one, and deleting needs the right to it")


def uploads(api, other, folder, errors, operations):
    """Files, folders and commits that go to the hub."""
    made = api.upload_file(path_or_fileobj=CARD.encode(), path_in_repo="README.md", repo_id="ana/rain")
    assert made.oid == api.model_info("ana/rain").sha, made
    assert made.commit_url == f"{api.endpoint}/ana/rain/commit/{made.oid}", made
    again = api.upload_file(path_or_fileobj=CARD.encode(), path_in_repo="README.md", repo_id="ana/rain")
    assert again.oid == made.oid, "a file that is there already makes no commit"
    refused(ValueError, api.upload_file, path_or_fileobj=b"---\na: [1\n---\n", path_in_repo="README.md", repo_id="ana/rain")
    step("upload_file sends a card, and one that cannot be read is refused")

    large = os.path.join(folder, "model.safetensors")
    with open(large, "wb") as file:
        file.write(content_of(12_000_000))
    api.upload_file(path_or_fileobj=large, path_in_repo="w/model.safetensors", repo_id="ana/rain")
    api.upload_file(path_or_fileobj=io.BytesIO(content_of(300_000)), path_in_repo="w/part.bin", repo_id="ana/rain")
    found = {entry.path: entry for entry in api.list_repo_tree("ana/rain", recursive=True, expand=True)}
    entry = found["w/model.safetensors"]
    assert (entry.size, entry.lfs.sha256) == (12_000_000, hashlib.sha256(content_of(12_000_000)).hexdigest()), entry
    assert entry.last_commit.title == "Upload w/model.safetensors with huggingface_hub", entry
    step("upload_file sends large files from disk and from memory")

    source = os.path.join(folder, "source")
    for number in range(300):
        path = os.path.join(source, f"站点 {number % 3}", f"{number}.json")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'{{"station": {number}}}')
    with open(os.path.join(source, "grid.npy"), "wb") as file:
        file.write(content_of(3_000_000))
    api.upload_folder(folder_path=source, repo_id="ana/rain", path_in_repo="data", ignore_patterns=["*99.json"])
    names = api.list_repo_files("ana/rain")
    assert len(names) == 4 + 297 + 1, len(names)
    step("upload_folder sends a few hundred files, and leaves out what is to be ignored")

    api.delete_file("w/part.bin", "ana/rain")
    api.delete_folder("data/站点 0", "ana/rain")
    refused(missing_class(errors), api.delete_file, "none", "ana/rain")
    assert not api.file_exists("ana/rain", "w/part.bin")
    head = api.model_info("ana/rain").sha
    add, copy, delete = operations
    steps = [
        add("notes.txt", b"notes"),
        copy("w/model.safetensors", "w/copy.safetensors"),
        delete("data/站点 1/", is_folder=True),
    ]
    api.create_commit("ana/rain", steps, commit_message="Tidy", commit_description="All of it.", parent_commit=head)
    assert api.file_exists("ana/rain", "w/copy.safetensors")
    late = refused(errors.HfHubHTTPError, api.create_commit, "ana/rain", [add("x.txt", b"x")], commit_message="Late", parent_commit=head)
    assert late.response.status_code == 412, late
    denied = refused(errors.HfHubHTTPError, other.upload_file, path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="ana/rain")
    assert denied.response.status_code == 403, denied
    step("create_commit adds, copies and deletes in one commit, and refuses one that comes too late")


def missing_class(errors):
    """What is raised for an entry that is missing on the hub."""
    return getattr(errors, "RemoteEntryNotFoundError", errors.EntryNotFoundError)


def downloads(api, library, folder, errors):
    """Files and snapshots that come from the hub."""
    digest = hashlib.sha256(content_of(12_000_000)).hexdigest()
    path = library.hf_hub_download("ana/rain", "w/model.safetensors", token=api.token)
    with open(path, "rb") as file:
        assert hashlib.sha256(file.read()).hexdigest() == digest
    assert os.path.basename(os.path.realpath(path)) == digest, path
    facts = library.get_hf_file_metadata(library.hf_hub_url("ana/rain", "README.md"), token=api.token)
    assert (facts.size, facts.commit_hash) == (len(CARD), api.model_info("ana/rain").sha), facts
    missing = missing_class(errors)
    refused(missing, library.hf_hub_download, "ana/rain", "none.txt", token=api.token)
    refused(errors.RevisionNotFoundError, library.hf_hub_download, "ana/rain", "README.md", revision="none", token=api.token)
    refused(errors.RepositoryNotFoundError, library.hf_hub_download, "ana/none", "README.md", token=api.token)
    target = os.path.join(folder, "local")
    library.hf_hub_download("ana/rain", "README.md", local_dir=target, token=api.token)
    with open(os.path.join(target, "README.md"), encoding="utf-8") as file:
        assert file.read() == CARD
    step("hf_hub_download keeps files by their digest, and raises the class of what is missing")

    snapshot = library.snapshot_download("ana/rain", token=api.token, allow_patterns=["data/**", "*.md"])
    assert os.path.basename(snapshot) == api.model_info("ana/rain").sha, snapshot
    count = sum(len(files) for _, _, files in os.walk(os.path.join(snapshot, "data")))
    assert count == 1 + 99 and os.path.exists(os.path.join(snapshot, "README.md")), count
    step("snapshot_download brings what was asked for")

    system = library.HfFileSystem(endpoint=api.endpoint, token=api.token)
    assert [os.path.basename(path) for path in system.ls("ana/rain/w", detail=False)] == ["copy.safetensors", "model.safetensors"]
    with system.open("ana/rain/w/model.safetensors", "rb", block_size=1 << 16) as file:
        file.seek(7_000_000)
        assert file.read(1_000) == content_of(12_000_000)[7_000_000:7_001_000]
    assert len(system.glob("ana/rain/data/*/*.json")) == 99
    with system.open("ana/rain/written.txt", "w") as file:
        file.write("by a file system")
    assert system.read_text("ana/rain/written.txt") == "by a file system"
    system.rm("ana/rain/written.txt")
    assert not system.exists("ana/rain/written.txt")
    step("HfFileSystem lists, reads stretches, writes and deletes")


def histories(api, errors):
    """Branches, tags and commits."""
    api.create_branch("ana/rain", branch="dev/x")
    api.create_branch("ana/rain", branch="dev/x", exist_ok=True)
    assert refused(errors.HfHubHTTPError, api.create_branch, "ana/rain", branch="dev/x").response.status_code == 409
    api.upload_file(path_or_fileobj=b"dev", path_in_repo="dev.txt", repo_id="ana/rain", revision="dev/x")
    assert api.file_exists("ana/rain", "dev.txt", revision="dev/x") and not api.file_exists("ana/rain", "dev.txt")
    api.create_tag("ana/rain", tag="v1", tag_message="First", revision="dev/x")
    refused(errors.RevisionNotFoundError, api.create_tag, "ana/rain", tag="v2", revision="none")
    refs = api.list_repo_refs("ana/rain")
    assert [branch.name for branch in refs.branches] == ["main", "dev/x"], refs
    assert refs.tags[0].target_commit == refs.branches[1].target_commit == api.model_info("ana/rain", revision="v1").sha
    commits = api.list_repo_commits("ana/rain", revision="v1")
    assert commits[0].title == "Upload dev.txt with huggingface_hub" and commits[-1].title == "Create the repository"
    assert commits[0].authors == ["ana"], commits[0]
    api.delete_tag("ana/rain", tag="v1")
    refused(errors.RevisionNotFoundError, api.delete_tag, "ana/rain", tag="v1")
    api.delete_branch("ana/rain", branch="dev/x")
    assert refused(errors.HfHubHTTPError, api.delete_branch, "ana/rain", branch="main").response.status_code == 403
    step("branches and tags are made and deleted, and commits listed")


def lists(api, other, nobody):
    """Finding repositories, and what is told of one."""
    def ids(found):
        return sorted(repository.id for repository in found)

    until(["ana/rain"], lambda: ids(api.list_models(search="rain")))
    until(["ana/rain"], lambda: ids(nobody.list_models(filter="nowcasting")))
    until(["ana/rain"], lambda: ids(api.list_models(author="ana", pipeline_tag="tabular-regression", sort="last_modified")))
    until(["ana/rain"], lambda: ids(api.list_datasets(search="rain")))
    assert ids(other.list_datasets(search="rain")) == []
    assert ids(api.list_spaces(author="ana")) == ["ana/demo"]
    info = api.model_info("ana/rain", files_metadata=True)
    assert (info.pipeline_tag, info.card_data["license"], info.private, info.gated) == ("tabular-regression", "mit", False, False)
    assert {file.rfilename: file.size for file in info.siblings}["w/model.safetensors"] == 12_000_000
    assert api.model_info("ana/rain", expand=["likes", "tags"]).tags == info.tags
    told = api.get_paths_info("ana/rain", ["w", "README.md", "none"], expand=True)
    assert [entry.path for entry in told] == ["w", "README.md"], told
    step("list_models, list_datasets and list_spaces find what one may see")


def discussions(api, other, folder, errors, operations):
    """Talking about a repository, and proposing changes without the right to write."""
    add = operations[0]
    api.create_repo("ana/reviewed")
    api.upload_file(path_or_fileobj=b"one\n", path_in_repo="a.txt", repo_id="ana/reviewed")
    talk = other.create_discussion("ana/reviewed", title="Which gauges?", description="Tell me.")
    said = api.comment_discussion("ana/reviewed", talk.num, comment="All.")
    edited = api.edit_discussion_comment("ana/reviewed", talk.num, comment_id=said.id, new_content="Most.")
    assert (edited.content, edited.edited, edited.number_of_edits) == ("Most.", True, 1)
    assert api.hide_discussion_comment("ana/reviewed", talk.num, comment_id=said.id).hidden
    assert other.rename_discussion("ana/reviewed", talk.num, new_title="Gauges, please").new_title == "Gauges, please"
    assert api.change_discussion_status("ana/reviewed", talk.num, new_status="closed").new_status == "closed"
    step("a discussion is held, edited, hidden, renamed and closed")

    empty = other.create_pull_request("ana/reviewed", title="To come", description="Later.")
    assert (empty.status, empty.git_reference, empty.target_branch) == ("draft", "refs/pr/2", "refs/heads/main")
    other.upload_file(
        path_or_fileobj=b"two\n", path_in_repo="b.txt", repo_id="ana/reviewed", revision=empty.git_reference
    )
    assert api.change_discussion_status("ana/reviewed", 2, new_status="open").new_status == "open"
    made = other.create_commit(
        "ana/reviewed", operations=[add("c/d.txt", b"three\n")], commit_message="Three", create_pr=True
    )
    assert (made.pr_num, made.pr_revision) == (3, "refs/pr/3"), made
    clash = api.upload_file(
        path_or_fileobj=b"other\n", path_in_repo="a.txt", repo_id="ana/reviewed", create_pr=True
    )
    numbers = [one.num for one in api.get_repo_discussions("ana/reviewed", discussion_type="pull_request")]
    assert numbers == [4, 3, 2], numbers
    assert [one.num for one in api.get_repo_discussions("ana/reviewed", discussion_status="closed")] == [1]
    assert [one.num for one in api.get_repo_discussions("ana/reviewed", author="ben")] == [3, 2, 1]
    refused(errors.HfHubHTTPError, other.upload_file, path_or_fileobj=b"x", path_in_repo="x", repo_id="ana/reviewed")
    refused(
        errors.RevisionNotFoundError, other.create_commit, "ana/reviewed", operations=[add("x", b"x")],
        commit_message="x", revision="none", create_pr=True,
    )
    step("pull requests are opened by whoever reads, empty or with a commit, and listed")

    path = other.hf_hub_download("ana/reviewed", "b.txt", revision="refs/pr/2", local_dir=os.path.join(folder, "pr"))
    assert open(path, "rb").read() == b"two\n"
    references = api.list_repo_refs("ana/reviewed", include_pull_requests=True)
    assert sorted(one.ref for one in references.pull_requests) == ["refs/pr/2", "refs/pr/3", "refs/pr/4"]
    refused(errors.HfHubHTTPError, other.merge_pull_request, "ana/reviewed", 2)
    api.merge_pull_request("ana/reviewed", 2, comment="Thanks.")
    details = api.get_discussion_details("ana/reviewed", 2)
    assert (details.status, details.merge_commit_oid) == ("merged", api.model_info("ana/reviewed").sha)
    assert [event.type for event in details.events] == ["comment", "commit", "status-change", "status-change", "comment"]
    assert "+two" in details.diff
    api.upload_file(path_or_fileobj=b"ours\n", path_in_repo="a.txt", repo_id="ana/reviewed")
    assert api.get_discussion_details("ana/reviewed", clash.pr_num).conflicting_files == ["a.txt"]
    assert "a.txt" in str(refused(errors.HfHubHTTPError, api.merge_pull_request, "ana/reviewed", clash.pr_num))
    step("a pull request is read at its reference, compared, merged, and refused when it clashes")


def discussions_by_command(token):
    """The same by the commands of newer clients."""
    program = os.path.join(os.path.dirname(sys.executable), "hf")

    def hf(*arguments):
        command = [program, "discussions", *arguments]
        return subprocess.run(command, env=os.environ | {"HF_TOKEN": token}, capture_output=True, text=True)

    if hf("--help").returncode:
        return
    for arguments, said in (
        (("create", "ana/reviewed", "--title", "By hand", "--body", "Why."), "5"),
        (("comment", "ana/reviewed", "5", "--body", "So."), ""),
        (("rename", "ana/reviewed", "5", "By hand, again"), ""),
        (("close", "ana/reviewed", "5", "--yes"), ""),
        (("reopen", "ana/reviewed", "5", "--yes"), ""),
        (("diff", "ana/reviewed", "3"), "+three"),
        (("merge", "ana/reviewed", "3", "--yes"), ""),
        (("info", "ana/reviewed", "3"), "merged"),
        (("list", "ana/reviewed", "--status", "all"), "By hand, again"),
        (("list", "ana/reviewed", "--status", "merged"), "Three"),
    ):
        done = hf(*arguments)
        assert done.returncode == 0 and said in done.stdout, (arguments, done)
    step("hf discussions opens, comments, renames, closes, shows, compares, merges and lists")


def main():
    """Starts a hub, runs everything, and fails when one of its steps does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(os.path.abspath(arguments.binary), os.path.join(folder, "data"))
        hub.start()
        try:
            os.environ.update(HF_HOME=os.path.join(folder, "home"), HF_ENDPOINT=f"http://127.0.0.1:{hub.port}")
            run(hub, folder)
            hub.stop()
        finally:
            if hub.process.poll() is None:
                hub.kill()
        assert not hub.trouble(), "".join(hub.trouble())
    say(f"{passed} passed, 0 failed")


def run(hub, folder):
    """All steps, in order. The library is loaded when it can know where the hub is."""
    import huggingface_hub
    from huggingface_hub import errors

    say(f"huggingface_hub {huggingface_hub.__version__}")
    ana, ben = person(hub, "ana"), person(hub, "ben")
    api, other = huggingface_hub.HfApi(token=ana), huggingface_hub.HfApi(token=ben)
    nobody = huggingface_hub.HfApi(token=False)
    operations = (
        huggingface_hub.CommitOperationAdd,
        huggingface_hub.CommitOperationCopy,
        huggingface_hub.CommitOperationDelete,
    )
    accounts_and_repositories(api, other, nobody, errors)
    uploads(api, other, folder, errors, operations)
    downloads(api, huggingface_hub, folder, errors)
    histories(api, errors)
    lists(api, other, nobody)
    discussions(api, other, folder, errors, operations)
    discussions_by_command(ana)


if __name__ == "__main__":
    main()
