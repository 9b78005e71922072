//! What a program without `std` must bring: an allocator, and an end for panics.

use crate::Level;
use crate::sys::slices::log;
use core::fmt::{self, Write};
use core::panic::PanicInfo;

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// Logs the panic and traps. It allocates nothing: memory may be what has run out.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let mut line = Line { text: [0; 512], len: 0 };
    // The only error is that the line is full, and then its beginning is what there is to say.
    let _ = write!(line, "{info}");
    log(Level::Error as i32, line.as_str());
    core::arch::wasm32::unreachable()
}

/// A text that ends where its room does.
struct Line {
    text: [u8; 512],
    len: usize,
}

impl Line {
    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.text[..self.len]).unwrap_or_default()
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut fits = text.len().min(self.text.len() - self.len);
        while !text.is_char_boundary(fits) {
            fits -= 1;
        }
        self.text[self.len..self.len + fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.len += fits;
        if fits == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}
