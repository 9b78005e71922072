//! The actors that live, as a tree of their paths.

use seedbed_core::ActorInfo;
use serde_json::{Value, json};

/// The tree as people read it: a line for each actor.
pub(crate) fn render(actors: &[ActorInfo]) -> String {
    let mut actors: Vec<&ActorInfo> = actors.iter().collect();
    actors.sort_by(|a, b| parts(&a.path).cmp(&parts(&b.path)));
    let mut out = String::new();
    let mut shown: Vec<&str> = Vec::new();
    for actor in actors {
        let path = parts(&actor.path);
        let same = shown.iter().zip(&path).take_while(|(a, b)| a == b).count();
        // A node, or a parent that is gone, has no line of its own yet.
        for (depth, part) in path.iter().enumerate().skip(same).take(path.len() - 1 - same) {
            out.push_str(&format!("{}{part}\n", "  ".repeat(depth)));
        }
        let depth = path.len() - 1;
        out.push_str(&format!("{}{}{}\n", "  ".repeat(depth), path[depth], about(actor)));
        shown = path;
    }
    out.truncate(out.trim_end().len());
    out
}

/// The tree as data.
pub(crate) fn objects(actors: &[ActorInfo]) -> Vec<Value> {
    let object = |actor: &ActorInfo| {
        json!({
            "path": actor.path,
            "life": actor.life.0,
            "name": actor.name,
            "supervisor": actor.supervisor,
            "turns": actor.turns,
            "mail": actor.mail_count,
        })
    };
    actors.iter().map(object).collect()
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').collect()
}

fn about(actor: &ActorInfo) -> String {
    let mut about = Vec::new();
    if actor.supervisor {
        about.push("supervisor".to_owned());
    }
    let last = actor.path.rsplit('/').next();
    if let Some(name) = actor.name.as_deref().filter(|name| Some(*name) != last) {
        about.push(format!("named {name}"));
    }
    if actor.life.0 > 1 {
        about.push(format!("life {}", actor.life.0));
    }
    if actor.mail_count > 0 {
        about.push(format!("{} waiting", actor.mail_count));
    }
    if about.is_empty() { String::new() } else { format!("  ({})", about.join(", ")) }
}
