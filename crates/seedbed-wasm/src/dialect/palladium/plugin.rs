//! What a plugin's actors are told, and whom they may address.

use super::address::name_of;

/// An actor type of a plugin: what `pd_actor_create` is told, and the namespaces that its actors
/// are kept to. The usual one has no type name and may address anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plugin {
    /// Name of the actor type.
    pub type_name: String,
    /// Where its actors live and whom they may address; `None` = anywhere and anybody.
    pub namespaces: Option<Namespaces>,
}

/// Parts of the tree of names, each a name like `/plugins/echo` with all that is below it.
///
/// They hold at every send, by the path of who would receive it. To answer a request, and to send
/// to who wrote from another node or from outside, no namespace is needed: being written to is the
/// right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespaces {
    home: String,
    visible: Vec<String>,
    denied: Vec<String>,
}

impl Namespaces {
    /// Those of a plugin: its actors live in `/plugins/NAME`, and may address that and `/system`.
    pub fn of_plugin(name: &str) -> Namespaces {
        let home = format!("/plugins/{name}");
        Namespaces { visible: vec![home.clone(), "/system".into()], home, denied: Vec::new() }
    }

    /// May address this too.
    #[must_use]
    pub fn visible(mut self, namespace: impl Into<String>) -> Namespaces {
        self.visible.push(namespace.into());
        self
    }

    /// May not address this, whatever else it may.
    #[must_use]
    pub fn denied(mut self, namespace: impl Into<String>) -> Namespaces {
        self.denied.push(namespace.into());
        self
    }

    /// The namespace that its actors live in.
    pub fn home(&self) -> &str {
        &self.home
    }

    /// True if an actor with this path lives where it should.
    pub(super) fn is_home(&self, path: &str) -> bool {
        holds(&self.home, name_of(path))
    }

    /// True if an actor with this path may be addressed.
    pub(super) fn allow(&self, path: &str) -> bool {
        let name = name_of(path);
        let any = |list: &[String]| list.iter().any(|namespace| holds(namespace, name));
        any(&self.visible) && !any(&self.denied)
    }
}

/// True if `name` is `namespace` or below it.
fn holds(namespace: &str, name: &str) -> bool {
    let below = name.strip_prefix(namespace.trim_end_matches('/'));
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_a_name_and_all_below_it() {
        let own = Namespaces::of_plugin("echo").visible("/plugins/log").denied("/plugins/log/secret");
        for path in ["n/plugins/echo", "n/plugins/echo/a/b", "n/system", "n/system/clock", "n/plugins/log/x"]
        {
            assert!(own.allow(path), "{path}");
        }
        for path in [
            "n",
            "n/plugins",
            "n/plugins/echoes",
            "n/user/a",
            "n/plugins/log/secret",
            "n/plugins/log/secret/b",
        ] {
            assert!(!own.allow(path), "{path}");
        }
        assert!(own.is_home("n/plugins/echo/1") && !own.is_home("n/system/x"));
        assert!(Namespaces::of_plugin("a").visible("/").allow("n/any/where"));
    }
}
