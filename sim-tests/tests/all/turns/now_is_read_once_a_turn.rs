//! T7: `now` is read at most once a turn, at its first use, and stays.

use sim_tests::{Bare, Diary, Input, actor};
use std::time::Duration;

#[test]
fn both_clocks_stand_still_within_a_turn_and_are_read_only_if_asked() {
    let mut bare = Bare::new();
    let diary = Diary::new();
    let keep = diary.clone();
    bare.spawn(
        "a",
        actor(move |cx, input| {
            if input == Input::Start {
                let me = cx.me();
                (0..3u64).try_for_each(|n| cx.send(me, &n))?;
            }
            if let Input::Message(n) = input
                && (1..=2).contains(&n)
            {
                // Timers and deadlines read the same clock.
                cx.set_timer(Duration::from_secs(1), 0)?;
                let me = cx.me();
                cx.ask(me, &9u64, Duration::from_secs(1))?;
                let reads = [cx.now(), cx.now(), cx.now()].map(|t| t.as_nanos());
                keep.push((reads, [cx.unix_time(), cx.unix_time()].map(|t| t.as_nanos())));
            }
            Ok(())
        }),
    );
    bare.settle();
    let all = diary.all();
    assert!(all.len() == 2 && all.iter().all(|(c, w)| c[0] == c[1] && c[1] == c[2] && w[0] == w[1]));
    let reads = (bare.reads.clock as usize, bare.reads.wall as usize);
    assert_eq!(reads, (all.len(), all.len()), "once for each turn that asked");
}
