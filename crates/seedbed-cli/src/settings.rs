//! What a run has beside its manifest: faults, and values of environment variables.
//!
//! They are part of its identity: a finding and a recording keep them as text, a line each, so that a
//! replay has them too.

use seedbed_manifest::Given;
use seedbed_sim::Faults;
use std::collections::BTreeMap;
use std::fmt;

/// Whatever the command line says in place of the manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// A profile of faults; `None` = those of the manifest.
    pub(crate) faults: Option<String>,
    /// Values of environment variables, by their ids.
    pub(crate) values: BTreeMap<String, String>,
    /// A module that was recorded alone could use the network of its machine.
    pub(crate) network: bool,
}

const FAULTS: &str = "faults = ";
const ENV: &str = "env ";
const NETWORK: &str = "network";

impl Settings {
    /// What the guests are given.
    pub(crate) fn given(&self) -> Given {
        Given { values: self.values.clone(), streams_of: None }
    }

    /// From the text that an identity keeps; `None` if it is of something else.
    pub(crate) fn of(text: &str) -> Option<Settings> {
        let mut settings = Settings::default();
        for line in text.lines() {
            if let Some(profile) = line.strip_prefix(FAULTS) {
                Faults::profile(profile)?;
                settings.faults = Some(profile.to_owned());
            } else if line == NETWORK {
                settings.network = true;
            } else {
                let [id, value] = serde_json::from_str(line.strip_prefix(ENV)?).ok()?;
                settings.values.insert(id, value);
            }
        }
        Some(settings)
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = self.faults.iter().map(|profile| format!("{FAULTS}{profile}"));
        let value = |pair: (&String, &String)| serde_json::to_string(&pair).expect("texts are JSON");
        let values = self.values.iter().map(|pair| format!("{ENV}{}", value(pair)));
        let network = self.network.then(|| NETWORK.to_owned());
        f.write_str(&faults.chain(values).chain(network).collect::<Vec<_>>().join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_back_from_their_text_and_nothing_else_does() {
        let values = [("app:a", "x = \"y\"\nfaults = none"), ("b = c", "")];
        let values: BTreeMap<_, _> = values.map(|(id, value)| (id.to_owned(), value.to_owned())).into();
        for settings in [
            Settings::default(),
            Settings { faults: Some("chaos".into()), ..Settings::default() },
            Settings { values: values.clone(), ..Settings::default() },
            Settings { network: true, ..Settings::default() },
            Settings { faults: Some("none".into()), values, network: true },
        ] {
            assert_eq!(Settings::of(&settings.to_string()), Some(settings));
        }
        assert_eq!(
            Settings { faults: Some("chaos".into()), ..Settings::default() }.to_string(),
            "faults = chaos"
        );
        for text in ["faults = rain", "nodes = 3", "env a = b", "env [\"a\"]", "faults = chaos\n\nenv"] {
            assert_eq!(Settings::of(text), None, "{text}");
        }
    }
}
