"""Runs an unmodified huggingface_hub against the real binary: what the hub tells of a model by its files, and lists by it.

    target/test-tools/huggingface-2.4.0/bin/python tests/clients/huggingface_facts.py --binary target/debug/geoml-hub
"""

import argparse
import json
import os
import struct
import tempfile

os.environ.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
os.environ["HF_HUB_DISABLE_UPDATE_CHECK"] = "1"

from hub import Hub, person, say, until

def weights(kind, shape):
    """A safetensors file with one tensor."""
    size = {"F32": 4, "BF16": 2}[kind]
    for dimension in shape:
        size *= dimension
    header = json.dumps({"weight": {"dtype": kind, "shape": shape, "data_offsets": [0, size]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(size)


def flow(api, errors):
    """A model of files alone, without a card."""
    api.create_repo("ana/vit")
    config = {"model_type": "vit", "architectures": ["ViTForImageClassification"]}
    files = {"config.json": json.dumps(config).encode(), "model.safetensors": weights("F32", [30, 50])}
    for path, content in files.items():
        api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id="ana/vit")
    until(1_500, lambda: getattr(api.model_info("ana/vit").safetensors, "total", None))
    info = api.model_info("ana/vit")
    assert (info.library_name, info.pipeline_tag) == ("transformers", "image-classification"), info
    assert info.config == config and info.transformers_info.auto_model == "AutoModelForImageClassification", info
    assert dict(info.safetensors.parameters) == {"F32": 1_500}, info.safetensors
    assert dict(api.get_safetensors_metadata("ana/vit").parameter_count) == {"F32": 1_500}
    say("ok 1 - model_info tells parameters, library, task and configuration by the files")

    api.create_repo("ana/plain")
    names = lambda **asked: [model.id for model in api.list_models(**asked)]
    until(["ana/vit"], lambda: names(num_parameters="min:1K,max:2K"))
    until(["ana/vit"], lambda: names(pipeline_tag="image-classification"))
    until(["ana/vit"], lambda: names(filter=["transformers", "safetensors"]))
    until(["ana/plain", "ana/vit"], lambda: names(sort="created_at"))
    [listed] = api.list_models(filter="vit", expand=["safetensors", "config", "sha"])
    assert listed.safetensors.total == 1_500 and listed.config == config and len(listed.sha) == 40, listed
    assert len(list(api.list_models(full=True, filter="vit"))[0].siblings) == 3
    try:
        list(api.list_models(expand=["colour"]))
        raise AssertionError("an unknown property was taken")
    except errors.BadRequestError as raised:
        assert 'expected one of "author"|' in str(raised), raised
    say("ok 2 - list_models filters, sorts and expands by what the files tell")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = os.path.join(folder, "home")
        hub = Hub(os.path.abspath(arguments.binary), os.path.join(folder, "data"))
        hub.start()
        os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{hub.port}"
        import huggingface_hub
        from huggingface_hub import errors

        api = huggingface_hub.HfApi(endpoint=os.environ["HF_ENDPOINT"], token=person(hub, "ana"))
        flow(api, errors)
        hub.stop()
        say(f"huggingface_hub {huggingface_hub.__version__}: 2 passed")


if __name__ == "__main__":
    main()
