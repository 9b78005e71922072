//! What the processor itself does at the time.

/// `n` steps of six sums that do not wait for each other: as fast as the processor's share of its
/// core lets it be. No memory, no branch that could be guessed wrong.
pub fn run(n: u64) {
    let mut sums = [1u64, 2, 3, 4, 5, 6];
    for i in 0..n {
        for sum in &mut sums {
            *sum = (*sum ^ i).wrapping_add(0x9e37).rotate_left(5);
        }
        std::hint::black_box(&mut sums);
    }
}
