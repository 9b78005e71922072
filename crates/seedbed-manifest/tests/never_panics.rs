//! Whatever the bytes, there is a manifest or a report that can be shown.

use proptest::prelude::*;
use seedbed_manifest::{CompiledProperty, Manifest};
use std::path::Path;

fn try_all(bytes: &[u8]) {
    if let Err(report) = Manifest::parse("seedbed.toml", bytes, Path::new(".")) {
        assert!(!report.problems().is_empty());
        assert!(report.problems().iter().all(|p| p.line > 0 && p.column > 0 && !p.message.contains('\n')));
        assert!(!report.render(false).is_empty() && !report.render(true).is_empty());
    }
}

/// Parts that manifests are made of, so that random ones get past the syntax.
const PARTS: [&str; 40] = [
    "[[process]]\n",
    "[tree]\n",
    "[[tree.children]]\n",
    "[world]\n",
    "[node.a]\n",
    "[[input]]\n",
    "[[property]]\n",
    "id = ",
    "path = ",
    "hash = ",
    "limits = ",
    "strategy = ",
    "nodes = ",
    "faults = ",
    "latency = ",
    "to = ",
    "send = ",
    "request = ",
    "every = ",
    "name = ",
    "when = ",
    "holds = ",
    "tree = ",
    "process = ",
    "\"a\"\n",
    "'sha256:é'\n",
    "5\n",
    "-7\n",
    "1.5\n",
    "true\n",
    "[1, [2, 'x'], {u8 = 3}]\n",
    "{ hex = 'ff' }\n",
    "\"10ms\"\n",
    "\"1%\"\n",
    "['a', 'b']\n",
    "2024-01-01\n",
    "{}\n",
    "\"sum(facts('é')) == 1.0\"\n",
    "'''\na && (b'''\n",
    "\r\n",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        try_all(&bytes);
    }

    #[test]
    fn on_any_text(text in "\\PC{0,80}(\n|\r|\t|=|\\[|\"|\\PC){0,80}") {
        try_all(text.as_bytes());
    }

    #[test]
    fn on_shuffled_parts(parts in proptest::collection::vec(0..PARTS.len(), 0..12)) {
        let text: String = parts.into_iter().map(|i| PARTS[i]).collect();
        try_all(text.as_bytes());
    }

    #[test]
    fn on_a_good_manifest_with_a_byte_changed(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = include_bytes!("good/bank.toml").to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        try_all(&bytes);
    }

    #[test]
    fn on_any_condition(text in "[a-z0-9 ().,!<>=&|+*/%?:\\[\\]{}'\"\\-éλ]{0,60}") {
        let manifest = format!("[[property]]\nname = 'p'\nwhen = 'end'\nholds = '''{text}'''\n");
        try_all(manifest.as_bytes());
        drop(CompiledProperty::compile(&text));
    }
}
