//! Which allocator a row runs on: the system's, as a program that says nothing has it, or the program's own.
//!
//! A process decides once, before its first allocation, by a variable of its environment.

use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::CStr;
use std::sync::atomic::{AtomicU8, Ordering};

/// The variable; set to anything, it asks for the system's.
pub const SYSTEM: &CStr = c"COPYING_SYSTEM_ALLOCATOR";

const UNKNOWN: u8 = 0;
const ASKED_SYSTEM: u8 = 1;
const ASKED_OURS: u8 = 2;

static ASKED: AtomicU8 = AtomicU8::new(UNKNOWN);

#[global_allocator]
static CHOSEN: Chosen = Chosen;

struct Chosen;

fn system() -> bool {
    match ASKED.load(Ordering::Relaxed) {
        UNKNOWN => decide(),
        asked => asked == ASKED_SYSTEM,
    }
}

#[cold]
fn decide() -> bool {
    // SAFETY: nobody changes the environment of this process.
    let set = unsafe { !libc::getenv(SYSTEM.as_ptr()).is_null() };
    ASKED.store(if set { ASKED_SYSTEM } else { ASKED_OURS }, Ordering::Relaxed);
    set
}

// SAFETY: every call goes to one of two allocators, and to the same one as long as the process runs.
unsafe impl GlobalAlloc for Chosen {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { if system() { System.alloc(layout) } else { MiMalloc.alloc(layout) } }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { if system() { System.alloc_zeroed(layout) } else { MiMalloc.alloc_zeroed(layout) } }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { if system() { System.dealloc(at, layout) } else { MiMalloc.dealloc(at, layout) } }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe {
            if system() { System.realloc(at, layout, size) } else { MiMalloc.realloc(at, layout, size) }
        }
    }
}
