//! The nearest known word to one that is not known.

/// The known word that was most likely meant, if any is near enough.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong, but at least two: `stop` for `step`, `shutdwon` for `shutdown`.
    let far = (word.chars().count() / 3).max(2);
    known
        .into_iter()
        .map(|k| (distance(&clip(word), k), k))
        .filter(|(distance, k)| *distance <= far && *distance < k.chars().count())
        .min()
        .map(|(_, k)| k)
}

/// How many letters are wrong; a word that is only begun is nearly right, `nodes` for `nodes_down`.
fn distance(word: &str, known: &str) -> usize {
    if word.len() >= 3 && known.starts_with(word) { 1 } else { strsim::damerau_levenshtein(word, known) }
}

/// What to say about an unknown word: the nearest known one, or all there are.
pub(crate) fn advice<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    if let Some(near) = nearest(word, known.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    match known.len() {
        0 => None,
        1..=30 => Some(format!("known here: {}", known.join(", "))),
        more => Some(format!("known here: {}, and {} more", known[..20].join(", "), more - 20)),
    }
}

/// A word from a hostile file may be long; beyond this it is near to nothing anyway.
fn clip(word: &str) -> String {
    word.chars().take(128).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_named_and_far_ones_are_not() {
        let known = ["shutdown", "strategy", "id"];
        assert_eq!(nearest("shutdwon", known), Some("shutdown"));
        assert_eq!(nearest("Strategy", known), Some("strategy"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("x", known), None);
        assert_eq!(nearest("shut", known), Some("shutdown"));
        assert_eq!(advice("colour", known).unwrap(), "known here: id, shutdown, strategy");
        assert_eq!(advice("colour", []), None);
    }
}
