//! What copying alone costs.

/// `n` times an envelope of 48 bytes and a payload of 64: in, and the payload out.
pub fn run(n: u64) {
    let (mut queue, mut memory) = ([1u8; 112], [0u8; 112]);
    for i in 0..n {
        queue[0] = i as u8;
        memory.copy_from_slice(std::hint::black_box(&queue));
        queue[48..].copy_from_slice(&std::hint::black_box(&memory)[48..]);
    }
    std::hint::black_box(queue);
}
