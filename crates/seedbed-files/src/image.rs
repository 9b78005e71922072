//! What a directory holds when a run begins.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A file, a symbolic link, or a directory with all that is in it. Clones share the files' bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// A file.
    File(Arc<Vec<u8>>),
    /// Where a symbolic link leads.
    Link(String),
    /// A directory, by names.
    Directory(BTreeMap<String, Image>),
}

impl Default for Image {
    /// An empty directory.
    fn default() -> Image {
        Image::Directory(BTreeMap::new())
    }
}

impl Image {
    /// A file with these bytes.
    pub fn file(bytes: impl Into<Vec<u8>>) -> Image {
        Image::File(Arc::new(bytes.into()))
    }

    /// A directory with these names in it.
    pub fn directory<N: Into<String>>(entries: impl IntoIterator<Item = (N, Image)>) -> Image {
        Image::Directory(entries.into_iter().map(|(name, image)| (name.into(), image)).collect())
    }

    /// Gives its bytes to a hash: each thing by its kind, its length and what it holds, so that no two
    /// images give the same.
    pub fn feed(&self, hash: &mut impl FnMut(&[u8])) {
        let mut head = |kind: u8, len: usize| {
            hash(&[kind]);
            hash(&(len as u64).to_le_bytes());
        };
        match self {
            Image::File(bytes) => {
                head(0, bytes.len());
                hash(bytes);
            }
            Image::Link(target) => {
                head(1, target.len());
                hash(target.as_bytes());
            }
            Image::Directory(entries) => {
                head(2, entries.len());
                for (name, image) in entries {
                    hash(&(name.len() as u64).to_le_bytes());
                    hash(name.as_bytes());
                    image.feed(hash);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_differ_feed_different_bytes() {
        let bytes = |image: &Image| {
            let mut all = Vec::new();
            image.feed(&mut |bytes| all.extend_from_slice(bytes));
            all
        };
        let images = [
            Image::default(),
            Image::file(*b""),
            Image::Link(String::new()),
            Image::directory([("a", Image::file(*b"bc"))]),
            Image::directory([("ab", Image::file(*b"c"))]),
            Image::directory([("a", Image::Link("bc".into()))]),
            Image::directory([("a", Image::default()), ("b", Image::default())]),
            Image::directory([("a", Image::directory([("b", Image::default())]))]),
        ];
        let all: std::collections::BTreeSet<Vec<u8>> = images.iter().map(bytes).collect();
        assert_eq!(all.len(), images.len());
    }
}
