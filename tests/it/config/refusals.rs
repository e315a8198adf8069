use geoml_hub::config::Loader;

use super::{flag, refusal, with_environment, with_file};

#[test]
fn an_unknown_key_is_refused_with_the_nearest_name() {
    let (loader, _folder) = with_file("[jobs]\nwokers = 3\n");
    let text = refusal(&loader);
    assert!(text.contains("There is no setting `jobs.wokers`"), "{text}");
    assert!(text.contains("hub.toml line 2"), "{text}");
    assert!(text.contains("did you mean `jobs.workers`?"), "{text}");
}

#[test]
fn a_key_in_the_wrong_section_is_refused_with_the_right_one() {
    let text = refusal(&with_environment("GEOML_HUB__SERVER__QUOTA", "1 GiB"));
    assert!(
        text.contains("`server.quota` (environment GEOML_HUB__SERVER__QUOTA)"),
        "{text}"
    );
    assert!(text.contains("did you mean `storage.quota`?"), "{text}");
}

#[test]
fn an_unknown_section_is_refused() {
    let (loader, _folder) = with_file("[mail]\nhost = \"x\"\n");
    let text = refusal(&loader);
    assert!(text.contains("There is no setting `mail`"), "{text}");
    assert!(
        text.contains("`geoml-hub config example` lists every setting"),
        "{text}"
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_with_key_value_source_and_what_fits() {
    let cases = [
        (
            "[server]\nlisten = \"localhost\"",
            "`server.listen` is \"localhost\"",
            "such as 127.0.0.1:8000",
        ),
        (
            "[server]\nlisten = 8000",
            "`server.listen` is 8000",
            "such as 127.0.0.1:8000",
        ),
        (
            "[server]\npublic_url = \"hub\"",
            "`server.public_url` is \"hub\"",
            "https://hub.example.org",
        ),
        (
            "[server]\ntrusted_proxies = [\"10.0.0.0/99\"]",
            "`server.trusted_proxies` is",
            "10.0.0.0/8",
        ),
        ("[storage]\nquota = \"lots\"", "`storage.quota` is \"lots\"", "5 GiB"),
        ("[storage]\nquota = -1", "`storage.quota` is -1", "5 GiB"),
        (
            "[storage]\nquota = 99999999999999999999999",
            "`storage.quota` is",
            "5 GiB",
        ),
        ("[jobs]\nworkers = 1.5", "`jobs.workers` is 1.5", "a whole number"),
        ("[jobs]\nworkers = 0", "`jobs.workers` is 0", "between 1 and 64"),
        (
            "[auth]\nregistration = \"ajar\"",
            "`auth.registration` is \"ajar\"",
            "one of open, closed",
        ),
        (
            "[auth]\naccess_token_lifetime = \"soon\"",
            "`auth.access_token_lifetime` is \"soon\"",
            "24h",
        ),
        ("[log]\nlevel = \"\"", "`log.level` is \"\"", "error, warn, info"),
        (
            "[blobs]\ns3_path_style = \"maybe\"",
            "`blobs.s3_path_style` is \"maybe\"",
            "true or false",
        ),
        (
            "[uploads]\nchunk_size = \"1 KiB\"",
            "`uploads.chunk_size` is \"1 KiB\"",
            "between 1 MiB and 64 MiB",
        ),
        (
            "[server]\nlisten = { port = 3 }",
            "`server.listen` is",
            "such as 127.0.0.1:8000",
        ),
        (
            "[log]\nlevel = \"loud\"",
            "`log.level` is \"loud\"",
            "error, warn, info",
        ),
        ("[log]\nlevel = \"info,=debug\"", "`log.level` is", "error, warn, info"),
        (
            "[log]\nlevel = \"info,geoml_hub\"",
            "`log.level` is",
            "error, warn, info",
        ),
    ];
    for (text, begins, fits) in cases {
        let (loader, _folder) = with_file(text);
        let told = refusal(&loader);
        assert!(told.starts_with(begins), "{told}");
        assert!(told.contains("hub.toml line 2") && told.contains(fits), "{told}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let (mut loader, _folder) = with_file("[jobs]\nworkers = \"many\"\n[storage]\nqota = 3\n");
    loader.flags = vec![flag("--listen", "server.listen", "here")];
    let text = refusal(&loader);
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("flag --listen"), "{text}");
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_its_line() {
    let (loader, _folder) = with_file("[jobs]\nworkers = = 3\n");
    let text = refusal(&loader);
    assert!(text.contains("hub.toml line 2 is not TOML"), "{text}");
}

#[test]
fn a_missing_file_is_refused_with_its_name() {
    let loader = Loader {
        file: Some("/nowhere/hub.toml".into()),
        ..Loader::default()
    };
    let text = refusal(&loader);
    assert!(text.contains("/nowhere/hub.toml cannot be read"), "{text}");
}

#[test]
fn a_secret_of_the_wrong_kind_is_refused_without_being_told() {
    let (loader, _folder) = with_file("[blobs]\ns3_secret_access_key = 12345678\n");
    let text = refusal(&loader);
    assert!(
        text.contains("`blobs.s3_secret_access_key` is ***") && !text.contains("1234"),
        "{text}"
    );
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let (loader, _folder) = with_file("[blobs]\nbackend = \"s3\"\ns3_access_key_id = \"me\"\n");
    let text = refusal(&loader);
    assert!(text.contains("`blobs.s3_bucket` must name a bucket"), "{text}");
    assert!(text.contains("must be set together"), "{text}");
}
