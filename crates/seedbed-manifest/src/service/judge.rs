//! What was published, and whether the properties held.

use crate::cel::FactSource;
use crate::property::{Asks, Property, When};
use crate::scenario::facts;
use seedbed_core::InputStats;
use seedbed_rt::Cluster;
use std::collections::BTreeMap;

/// What the actors and inputs of a service had published when it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Values by key and whole path.
    pub facts: BTreeMap<String, BTreeMap<String, i64>>,
    /// How long the service had run, in nanoseconds.
    pub time_ns: u64,
    /// Messages that had reached nobody.
    pub dead_letters: u64,
    /// Starts of paths that had lived before.
    pub restarts: u64,
    nodes: Vec<String>,
}

/// Whether a property held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It held.
    Held,
    /// It did not, and why.
    Broken(String),
    /// That cannot be said, and why.
    Unknown(&'static str),
}

impl Published {
    pub(super) async fn collect(
        cluster: &Cluster,
        nodes: Vec<String>,
        inputs: &BTreeMap<String, InputStats>,
    ) -> Published {
        let time_ns = seedbed_abi::nanos(cluster.elapsed());
        let mut all = Published { time_ns, nodes, ..Published::default() };
        for node in cluster.nodes() {
            // A node that stopped by itself has no facts any more.
            for fact in node.facts().await.unwrap_or_default() {
                all.publish(&fact.key, fact.path, fact.value);
            }
            all.dead_letters += node.dead_letters().await.unwrap_or_default();
            all.restarts += node.restarts().await.unwrap_or_default();
        }
        for (name, stats) in inputs {
            for (key, value) in stats.facts() {
                all.publish(key, format!("outside/{name}"), value);
            }
        }
        all
    }

    fn publish(&mut self, key: &str, path: String, value: i64) {
        self.facts.entry(key.to_owned()).or_default().insert(path, value);
    }
}

impl FactSource for Published {
    fn facts(&self, key: &str, each: &mut dyn FnMut(i64)) {
        self.facts.get(key).into_iter().flat_map(BTreeMap::values).copied().for_each(each);
    }

    fn fact(&self, node: Option<&str>, path: &str, key: &str) -> Option<i64> {
        let of_key = self.facts.get(key)?;
        let nodes = self.nodes.iter().map(String::as_str);
        facts::find(|path| of_key.get(path).copied(), nodes, node, path)
    }

    fn time_ns(&self) -> u64 {
        self.time_ns
    }

    fn dead_letters(&self) -> u64 {
        self.dead_letters
    }

    fn restarts(&self) -> u64 {
        self.restarts
    }
}

/// Judges the properties of a service that ended `at_rest`, or not.
pub(super) fn judge(properties: &[Property], at_rest: bool, facts: &Published) -> Vec<(String, Judged)> {
    properties.iter().map(|property| (property.name.clone(), judge_one(property, at_rest, facts))).collect()
}

fn judge_one(property: &Property, at_rest: bool, facts: &Published) -> Judged {
    if !at_rest {
        return Judged::Unknown("it did not come to rest");
    }
    let Asks::Condition { when, sometimes, holds } = &property.asks else {
        return Judged::Unknown("nodes that run at the same time have no common order of calls");
    };
    match (facts::judge(holds, facts), *when) {
        (Ok(()), When::Never) => Judged::Broken("it holds".to_owned()),
        (Err(_), When::Never) => Judged::Held,
        (Ok(()), _) => Judged::Held,
        (Err(_), _) if *sometimes => Judged::Unknown("it did not hold at rest, and may have before"),
        (Err(_), When::EventuallyWithin(_)) => {
            Judged::Unknown("it did not hold at rest, and may have before")
        }
        (Err(why), When::Always | When::AgainWithin(_) | When::Idle | When::End) => Judged::Broken(why),
    }
}
