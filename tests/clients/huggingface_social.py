"""Runs an unmodified huggingface_hub against the real binary: access to gated repositories, likes,
collections and organizations.

    target/test-tools/huggingface-2.4.0/bin/python tests/clients/huggingface_social.py --binary target/debug/geoml-hub
"""

import argparse
import os
import subprocess
import sys
import tempfile

# Read by the library when it is loaded.
os.environ.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
os.environ["HF_HUB_DISABLE_UPDATE_CHECK"] = "1"

from hub import Client, Hub, person, refused, say, until

def access(hub, ana, ben, nobody, ben_token, errors):
    """A gated model: seen by all, read by those who got access."""
    ana.create_repo("ana/rain")
    ana.upload_file(path_or_fileobj=b"weights", path_in_repo="model.bin", repo_id="ana/rain")
    ana.update_repo_settings("ana/rain", gated="manual")
    assert ben.model_info("ana/rain").gated == "manual"
    assert "model.bin" in nobody.list_repo_files("ana/rain")
    with tempfile.TemporaryDirectory() as cache:
        wanted = {"repo_id": "ana/rain", "filename": "model.bin", "cache_dir": cache}
        for api in (ben, nobody):
            raised = refused(errors.GatedRepoError, api.hf_hub_download, **wanted)
            assert "Access to model ana/rain is restricted" in str(raised), raised
            refused(errors.GatedRepoError, api.auth_check, "ana/rain")
        say("ok - a gated model is seen, and not read")

        refused(errors.HfHubHTTPError, ana.accept_access_request, "ana/rain", "ben")
        Client(hub, ben_token).json("POST", "/api/v1/repos/ana/rain/access-requests", {})
        pending = ana.list_pending_access_requests("ana/rain")
        pending = list(pending)
        assert [(one.username, one.email) for one in pending] == [("ben", "ben@example.org")], pending
        ana.accept_access_request("ana/rain", "ben")
        refused(errors.HfHubHTTPError, ana.accept_access_request, "ana/rain", "ben")
        assert [one.username for one in ana.list_accepted_access_requests("ana/rain")] == ["ben"]
        with open(ben.hf_hub_download(**wanted), "rb") as file:
            assert file.read() == b"weights"
        ana.reject_access_request("ana/rain", "ben", rejection_reason="Changed our mind.")
        assert [one.username for one in ana.list_rejected_access_requests("ana/rain")] == ["ben"]
        refused(errors.GatedRepoError, ben.auth_check, "ana/rain")
        ana.cancel_access_request("ana/rain", "ben")
        refused(errors.HfHubHTTPError, ana.cancel_access_request, "ana/rain", "ben")
        say("ok - requests are listed, accepted, rejected and taken back")

    ana.grant_access("ana/rain", "eva")
    refused(errors.HfHubHTTPError, ana.grant_access, "ana/rain", "eva")
    granted = list(ana.list_accepted_access_requests("ana/rain"))
    assert [(one.username, one.email) for one in granted] == [("eva", None)], granted
    ana.update_repo_settings("ana/rain", gated=False)
    ben.auth_check("ana/rain")
    say("ok - access is given without being asked for, and nobody asks when it is open")


def likes(hub, ana, ben, ben_token):
    """Likes are stars."""
    Client(hub, ben_token).json("POST", "/api/ana/rain/star", {})
    assert [one.username for one in ana.list_repo_likers("ana/rain")] == ["ben"]
    assert ana.list_liked_repos("ben").models == ["ana/rain"]
    ben.unlike("ana/rain")
    assert ana.list_liked_repos("ben").total == 0
    say("ok - what is starred is liked")


def collections(ana, ben, nobody, errors):
    """Lists of repositories, by everything that the library does with them."""
    ana.create_repo("ana/hidden", private=True)
    made = ana.create_collection(title="Rain and snow", description="Two models.")
    assert ana.create_collection(title="Rain and snow", exists_ok=True).slug == made.slug
    refused(errors.HfHubHTTPError, ana.create_collection, title="Rain and snow")
    ana.add_collection_item(made.slug, item_id="ana/rain", item_type="model", note="The first.")
    filled = ana.add_collection_item(made.slug, item_id="ana/hidden", item_type="model")
    assert [item.item_id for item in filled.items] == ["ana/rain", "ana/hidden"], filled
    refused(errors.HfHubHTTPError, ana.add_collection_item, made.slug, item_id="ana/rain", item_type="model")
    ana.add_collection_item(made.slug, item_id="ana/rain", item_type="model", exists_ok=True)
    assert [(item.item_id, item.note) for item in ben.get_collection(made.slug).items] == [("ana/rain", "The first.")]
    ana.update_collection_item(made.slug, filled.items[1].item_object_id, note="Mine.", position=0)
    assert [item.note for item in ana.get_collection(made.slug).items] == ["Mine.", "The first."]
    renamed = ana.update_collection_metadata(made.slug, title="Weather", theme="green")
    assert renamed.slug != made.slug and ben.get_collection(made.slug).title == "Weather"
    assert [one.slug for one in nobody.list_collections(owner="ana")] == [renamed.slug]
    assert [one.slug for one in ben.list_collections(item="models/ana/rain")] == [renamed.slug]
    refused(errors.HfHubHTTPError, ben.delete_collection, made.slug)
    ana.update_collection_metadata(made.slug, private=True)
    refused(errors.HfHubHTTPError, ben.get_collection, made.slug)
    assert list(ben.list_collections(owner="ana")) == []
    ana.delete_collection_item(made.slug, filled.items[0].item_object_id)
    assert len(ana.get_collection(made.slug).items) == 1
    ana.delete_collection(made.slug)
    ana.delete_collection(made.slug, missing_ok=True)
    say("ok - collections are made, filled, changed, hidden and deleted")


def organizations(hub, ana, ben, ana_token, errors):
    """A namespace that two accounts share."""
    house = Client(hub, ana_token)
    house.json("POST", "/api/v1/organizations", {"name": "lab", "full_name": "Ice Lab", "private_by_default": True})
    house.json("PUT", "/api/v1/organizations/lab/members/ben", {"role": "contributor"})
    assert [(one["name"], one["roleInOrg"]) for one in ben.whoami()["orgs"]] == [("lab", "contributor")]
    ana.create_repo("lab/ice")
    ben.create_repo("lab/snow")
    ben.upload_file(path_or_fileobj=b"flakes", path_in_repo="a.txt", repo_id="lab/snow")
    refused(errors.HfHubHTTPError, ben.upload_file, path_or_fileobj=b"x", path_in_repo="a.txt", repo_id="lab/ice")
    assert ben.model_info("lab/ice").private
    assert {one.id for one in ben.list_user_repos(namespace="lab")} == {"lab/ice", "lab/snow"}
    until({"lab/ice", "lab/snow"}, lambda: {one.id for one in ben.list_models(author="lab")})
    told = ben.get_organization_overview("lab")
    assert (told.fullname, told.num_users, told.num_models) == ("Ice Lab", 2, 2), told
    assert [one.username for one in ben.list_organization_members("lab")] == ["ana", "ben"]
    assert list(ben.list_organization_followers("lab")) == []
    say("ok - an organization's repositories are made, seen and written as its roles say")

    ana.create_repo("ana/drift", private=True)
    ana.move_repo("ana/drift", "lab/drift")
    assert ben.model_info("ana/drift").id == "lab/drift"
    refused(errors.HfHubHTTPError, ben.move_repo, "lab/drift", "ben/drift")
    say("ok - a repository moves into an organization, and its old name leads there")


def commands(hub, ben_token, folder):
    """The command line tool knows a gated repository, too."""
    environment = {**os.environ, "HF_ENDPOINT": f"http://127.0.0.1:{hub.port}", "HF_TOKEN": ben_token}
    hf = os.path.join(os.path.dirname(sys.executable), "hf")
    command = [hf, "download", "ana/closed", "config.json", "--local-dir", folder]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode != 0, done.stdout
    assert "requires approval" in done.stderr, done.stderr
    say("ok - hf says that a model is gated")


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

        tokens = {name: person(hub, name) for name in ("ana", "ben", "eva")}
        ana, ben = (HfApi(endpoint=endpoint, token=tokens[name]) for name in ("ana", "ben"))
        nobody = HfApi(endpoint=endpoint, token=False)
        access(hub, ana, ben, nobody, tokens["ben"], errors)
        likes(hub, ana, ben, tokens["ben"])
        collections(ana, ben, nobody, errors)
        organizations(hub, ana, ben, tokens["ana"], errors)
        ana.create_repo("ana/closed")
        ana.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id="ana/closed")
        ana.update_repo_settings("ana/closed", gated="auto")
        commands(hub, tokens["ben"], os.path.join(folder, "local"))
        hub.stop()
        assert not hub.trouble(), hub.trouble()


main()
