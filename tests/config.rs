//! Settings: the committed page against the code, and which source wins.

use crate::program::{Program, stderr};
use serde_json::Value;
use std::path::Path;

#[test]
fn the_committed_page_of_defaults_is_the_code_s() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/default.toml");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == sememe::config::default_toml(),
        "config/default.toml is not that of the code; write it anew: cargo run -- config --defaults > config/default.toml"
    );
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let program = Program::new();
    program.write("sememe.toml", "queue_max = 11\nburst = 12\nk_max = 13\n");
    let output = program
        .command(&["--json", "--config", "sememe.toml", "--set", "k_max=33", "config"])
        .env("SEMEME_BURST", "22")
        .env("SEMEME_K_MAX", "23")
        .env("SEMEME_MASTER_KEY", "a master key of the tests")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("a master key"), "a secret is shown");
    let values: Vec<Value> = serde_json::from_str(&text).unwrap();
    let of = |name: &str| values.iter().find(|known| known["name"] == name).unwrap();
    for (name, value, origin) in [
        ("queue_max", 11, serde_json::json!({"file": "sememe.toml"})),
        ("burst", 22, serde_json::json!({"environment": "SEMEME_BURST"})),
        ("k_max", 33, serde_json::json!({"flag": "--set"})),
    ] {
        assert_eq!((&of(name)["value"], &of(name)["origin"]), (&value.into(), &origin), "{name}");
    }
    assert_eq!(of("workers")["origin"], "default");
}

#[test]
fn a_setting_that_does_not_fit_ends_the_program_with_where_and_what_would() {
    let program = Program::new();
    program.write("sememe.toml", "burst = 0\n");
    for (arguments, told) in [
        (
            &["--config", "sememe.toml", "config"][..],
            "burst in sememe.toml: expected 1 to 1000000 requests, got 0",
        ),
        (&["--set", "brust=1", "config"], "did you mean burst?"),
        (&["--set", "burst", "config"], "expected name=value"),
        (&["--set", "log_format=xml", "config"], "expected text or json"),
        (&["--set", "log=,,=", "config"], "log"),
    ] {
        let output = program.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(told), "{arguments:?}: {}", stderr(&output));
    }
}
