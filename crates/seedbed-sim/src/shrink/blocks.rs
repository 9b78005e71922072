//! Deleting blocks of elements, ever smaller (Zeller, Hildebrandt: "Simplifying and Isolating
//! Failure-Inducing Input", IEEE TSE 2002).
//!
//! What is tried next if all before it fail is known beforehand, so several can be tried at a time;
//! that of the lowest place counts, and what comes of it does not depend on how many are.

/// What is left of some elements, and what to try next.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    elements: Vec<usize>,
    block: usize,
    start: usize,
    /// Something was deleted since the block last shrank.
    deleted: bool,
}

impl Blocks {
    pub(super) fn new(elements: Vec<usize>) -> Blocks {
        let block = elements.len().next_power_of_two();
        Blocks { elements, block, start: 0, deleted: false }
    }

    /// The next candidates, each tried if all before it fail: what is to go. Empty at the end, when no
    /// single element can go.
    pub(super) fn next(&self, most: usize) -> Vec<Vec<usize>> {
        let mut ahead = self.clone();
        let mut out = Vec::new();
        while out.len() < most
            && let Some(block) = ahead.in_hand()
        {
            out.push(block);
            ahead.failed();
        }
        out
    }

    fn in_hand(&self) -> Option<Vec<usize>> {
        if self.elements.is_empty() || self.block == 0 {
            return None;
        }
        let end = (self.start + self.block).min(self.elements.len());
        Some(self.elements[self.start..end].to_vec())
    }

    /// The block in hand is needed.
    pub(super) fn failed(&mut self) {
        self.start += self.block;
        self.turn();
    }

    /// The block in hand is not needed.
    pub(super) fn succeeded(&mut self) {
        let end = (self.start + self.block).min(self.elements.len());
        self.elements.drain(self.start..end);
        self.deleted = true;
        self.turn();
    }

    /// Only these are left.
    pub(super) fn keep(&mut self, left: impl Fn(usize) -> bool) {
        self.start = self.elements[..self.start].iter().filter(|element| left(**element)).count();
        self.elements.retain(|element| left(*element));
        self.turn();
    }

    fn turn(&mut self) {
        if self.start < self.elements.len() {
            return;
        }
        self.start = 0;
        // Single elements are tried again until none goes: one may be needed only because of another.
        if self.block > 1 || !self.deleted {
            self.block /= 2;
        }
        self.deleted = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deletes what is not needed; whenever 700 goes, 100 to 199 go too.
    fn shrink(most: usize, needed: &[usize]) -> (Vec<usize>, usize) {
        let (mut blocks, mut runs) = (Blocks::new((0..1000).collect()), 0);
        let mut last: Vec<usize> = (0..1000).collect();
        loop {
            let candidates = blocks.next(most);
            if candidates.is_empty() {
                return (last, runs);
            }
            for gone in candidates {
                runs += 1;
                if !gone.iter().any(|element| needed.contains(element)) {
                    last.retain(|element| !gone.contains(element));
                    if gone.contains(&700) {
                        last.retain(|element| !(100..200).contains(element));
                    }
                    blocks.succeeded();
                    blocks.keep(|element| last.contains(&element));
                    break;
                }
                blocks.failed();
            }
        }
    }

    #[test]
    fn blocks_go_until_only_what_is_needed_is_left_however_many_are_tried_at_a_time() {
        let (left, runs) = shrink(1, &[3, 500, 501]);
        assert_eq!(left, [3, 500, 501]);
        assert!(runs < 100, "{runs}");
        for most in [2, 3, 7, 100] {
            assert_eq!(shrink(most, &[3, 500, 501]), (left.clone(), runs), "{most} at a time");
        }
        assert_eq!(shrink(4, &[]), (Vec::new(), 1));
    }
}
