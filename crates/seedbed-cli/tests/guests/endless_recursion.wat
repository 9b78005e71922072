;; Calls itself without end.
(module
  (memory (export "memory") 1)
  (global (export "seedbed_inbox_ptr") i32 (i32.const 0))
  (global (export "seedbed_inbox_len") i32 (i32.const 1024))
  (func $deeper (param i64) (result i64)
    (i64.add (call $deeper (local.get 0)) (i64.const 1)))
  (func (export "seedbed_on_message") (param i32 i32 i32) (result i32)
    (drop (call $deeper (i64.const 1)))
    (i32.const 0)))
