"""One transfer by an unmodified huggingface_hub, whose seconds it prints; `xet.rs` starts it.

The libraries are loaded before the time begins. HF_ENDPOINT, HF_TOKEN, HF_HOME and HF_HUB_DISABLE_XET are as the environment has them.
"""

import sys
import time

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.file_download import http_get


def upload(repository, source, path):
    """A file, committed."""
    HfApi().upload_file(path_or_fileobj=source, path_in_repo=path, repo_id=repository)


def upload_folder(repository, source):
    """All files of a folder, committed."""
    HfApi().upload_folder(folder_path=source, repo_id=repository)


def download(repository, path, target):
    """A file of a repository."""
    hf_hub_download(repository, path, local_dir=target)


def get(address, target):
    """A file of any server, by the code that downloads from a hub by HTTP."""
    with open(target, "wb") as file:
        http_get(address, file)


deeds = {deed.__name__: deed for deed in (upload, upload_folder, download, get)}
if sys.argv[1] in ("upload", "upload_folder", "download"):
    import hf_xet  # noqa: F401
began = time.monotonic()
deeds[sys.argv[1]](*sys.argv[2:])
print(time.monotonic() - began)
