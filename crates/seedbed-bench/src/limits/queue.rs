//! What a queue alone costs.

use std::collections::VecDeque;

/// `n` messages of 64 bytes through a `VecDeque`.
pub fn run(n: u64) {
    let mut queue: VecDeque<(u64, [u8; 64])> = VecDeque::new();
    queue.push_back((0, [0; 64]));
    for _ in 0..n {
        let Some((to, mut ball)) = queue.pop_front() else { return };
        ball[0] = ball[0].wrapping_add(1);
        queue.push_back((to ^ 1, std::hint::black_box(ball)));
    }
}
