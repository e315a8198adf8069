"""Runs an unmodified huggingface_hub against the real binary: histories squashed, large files listed, deleted and copied,
repositories duplicated, people and storage. With Xet, as a copy between repositories asks for it.

    target/test-tools/huggingface-2.4.0/bin/python tests/clients/huggingface_routes.py --binary target/debug/geoml-hub
"""

import argparse
import os
import subprocess
import sys
import tempfile

# Read by the library when it is loaded.
os.environ.update(HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1", HF_HUB_DISABLE_UPDATE_CHECK="1")

from hub import Client, Hub, person, refused, say


def squash(ana, errors):
    """A branch becomes one commit with the same files."""
    ana.create_repo("ana/rain")
    for path, content in (("file.txt", b"content"), ("lfs.bin", b"content"), ("file.txt", b"another_content")):
        ana.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id="ana/rain")
    ana.create_branch("ana/rain", branch="work")
    before = {entry.path: entry.blob_id for entry in ana.list_repo_tree("ana/rain")}
    ana.super_squash_history("ana/rain")
    [commit] = ana.list_repo_commits("ana/rain")
    assert commit.title == "Super-squash branch 'main' using huggingface_hub", commit
    assert {entry.path: entry.blob_id for entry in ana.list_repo_tree("ana/rain")} == before
    assert len(ana.list_repo_commits("ana/rain", revision="work")) == 4
    ana.super_squash_history("ana/rain", branch="work", commit_message="All of it")
    assert [one.title for one in ana.list_repo_commits("ana/rain", revision="work")] == ["All of it"]
    refused(errors.RevisionNotFoundError, ana.super_squash_history, "ana/rain", branch="none")
    say("ok - the history of a branch is squashed")


def people(hub, ana, ben, ben_token, errors):
    """Accounts, and who follows whom."""
    Client(hub, ben_token).json("POST", "/api/users/ana/follow", {})
    ana_told = ben.get_user_overview("ana")
    assert (ana_told.username, ana_told.fullname, ana_told.user_type) == ("ana", "ana", "user"), ana_told
    assert (ana_told.num_models, ana_told.num_followers, ana_told.is_following) == (1, 1, True), ana_told
    assert [one.username for one in ana.list_user_followers("ana")] == ["ben"]
    assert [one.username for one in ana.list_user_following("ben")] == ["ana"]
    assert list(ana.list_user_following("ana")) == []
    refused(errors.HfHubHTTPError, ana.get_user_overview, "nobody-there")
    say("ok - people are told of, with whom they follow")


def storage(ana):
    """What one's repositories store."""
    ana.create_repo("ana/gauges", repo_type="dataset", visibility="private")
    told = {(one.type, one.id): one for one in ana.list_user_repos()}
    assert set(told) == {("model", "ana/rain"), ("dataset", "ana/gauges")}, told
    assert told["dataset", "ana/gauges"].visibility == "private"
    assert told["model", "ana/rain"].storage > told["dataset", "ana/gauges"].storage > 0
    assert 99 < sum(one.storage_percent for one in told.values()) < 101
    say("ok - repositories are listed with what they store")


def large_files(ana, errors, folder):
    """As the tests of the library itself do it."""
    repository = {"repo_id": "ana/large"}
    ana.create_repo("ana/large")
    upload = lambda path, content, **more: ana.upload_file(
        path_or_fileobj=content, path_in_repo=path, **repository, **more
    )
    upload("lfs_file.bin", b"LFS content")
    upload("lfs_file_2.bin", b"LFS content 2")
    ana.create_branch(**repository, branch="my-branch")
    upload("lfs_file_branch.bin", b"LFS content branch", revision="my-branch")
    upload("lfs_file_PR.bin", b"LFS content PR", create_pr=True)
    listed = list(ana.list_lfs_files("ana/large"))
    names = {"lfs_file.bin", "lfs_file_2.bin", "lfs_file_branch.bin", "lfs_file_PR.bin"}
    assert {one.filename for one in listed} == names, listed
    on_main = [one for one in listed if one.ref == "main"]
    assert {one.filename for one in on_main} == {"lfs_file.bin", "lfs_file_2.bin"}, listed
    ana.permanently_delete_lfs_files("ana/large", on_main)
    assert {one.filename for one in ana.list_lfs_files("ana/large")} == {"lfs_file_branch.bin", "lfs_file_PR.bin"}
    assert set(ana.list_repo_files("ana/large")) == {".gitattributes"}
    assert set(ana.list_repo_files("ana/large", revision="my-branch")) == {".gitattributes", "lfs_file_branch.bin"}
    for path in ("lfs_file.bin", "lfs_file_2.bin"):
        wanted = {**repository, "filename": path, "cache_dir": os.path.join(folder, "gone")}
        refused(errors.RemoteEntryNotFoundError, ana.hf_hub_download, **wanted)
    upload("lfs_file.bin", b"LFS content")
    with open(ana.hf_hub_download("ana/large", "lfs_file.bin", cache_dir=os.path.join(folder, "again")), "rb") as file:
        assert file.read() == b"LFS content"
    say("ok - large files are listed and deleted for good, and can be sent anew")


def copies(ana, ben, errors, folder):
    """Files copied between repositories, and repositories duplicated."""
    from huggingface_hub import CommitOperationCopy

    ben.create_repo("ben/snow")
    source = {"src_path_in_repo": "lfs.bin", "src_repo_id": "ana/rain", "src_repo_type": "model"}
    copy = lambda: CommitOperationCopy(path_in_repo="net.bin", **source)
    ben.create_commit("ben/snow", operations=[copy()], commit_message="Copy")
    with open(ben.hf_hub_download("ben/snow", "net.bin", cache_dir=os.path.join(folder, "copied")), "rb") as file:
        assert file.read() == b"content"
    refused(errors.HfHubHTTPError, ben.create_commit, "ana/large", operations=[copy()], commit_message="Copy")
    say("ok - a large file is copied to another repository without being sent")

    url = ben.duplicate_repo("ana/rain", to_id="ben/rain")
    assert (url.repo_id, url.files_copy_pending) == ("ben/rain", False), url
    assert ben.duplicate_repo("ana/rain", exist_ok=True).repo_id == "ben/rain"
    assert refused(errors.HfHubHTTPError, ben.duplicate_repo, "ana/rain").response.status_code == 409
    refused(errors.HfHubHTTPError, ben.duplicate_repo, "ana/rain", to_id="ana/other")
    refused(errors.RepositoryNotFoundError, ben.duplicate_repo, "ana/gauges", repo_type="dataset")
    assert ben.list_repo_files("ben/rain") == ana.list_repo_files("ana/rain")
    with open(ben.hf_hub_download("ben/rain", "lfs.bin", cache_dir=os.path.join(folder, "copied")), "rb") as file:
        assert file.read() == b"content"
    private = ben.duplicate_repo("ana/rain", to_id="ben/mine", visibility="private")
    assert ben.model_info(private.repo_id).private
    say("ok - a repository is duplicated, once")


def commands(hub, token):
    """The command line tool asks for the same."""
    environment = {**os.environ, "HF_ENDPOINT": f"http://127.0.0.1:{hub.port}", "HF_TOKEN": token}
    hf = os.path.join(os.path.dirname(sys.executable), "hf")
    for arguments, told in (
        (["repos", "ls"], "ana/gauges"),
        (["repos", "duplicate", "ben/snow", "ana/snow"], "ana/snow"),
        (["repos", "cp", "hf://ana/rain/lfs.bin", "hf://ana/snow/copy.bin"], ""),
    ):
        done = subprocess.run([hf, *arguments], env=environment, capture_output=True, text=True)
        assert done.returncode == 0 and told in done.stdout, (arguments, done.stdout, done.stderr)
    say("ok - hf lists, duplicates and copies")


def main():
    """Runs everything on a hub of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    binary = parser.parse_args().binary
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = os.path.join(folder, "home")
        hub = Hub(binary, os.path.join(folder, "data"))
        hub.start()
        os.environ["HF_ENDPOINT"] = endpoint = f"http://127.0.0.1:{hub.port}"
        from huggingface_hub import HfApi, errors

        tokens = {name: person(hub, name) for name in ("ana", "ben")}
        ana, ben = (HfApi(endpoint=endpoint, token=tokens[name]) for name in ("ana", "ben"))
        squash(ana, errors)
        people(hub, ana, ben, tokens["ben"], errors)
        storage(ana)
        large_files(ana, errors, folder)
        copies(ana, ben, errors, folder)
        commands(hub, tokens["ana"])
        hub.stop()
        assert not hub.trouble(), hub.trouble()


main()
