//! Keeps the program alive when pages of a mapped file go away.
//!
//! Reading a page behind the end of a file that was cut ends a program by SIGBUS. While a [`Watch`] lives, such a read
//! inside its addresses finds an empty page instead, and the watch knows. Any other SIGBUS is left to whoever was
//! there before. The handler does what is allowed in one: it reads and writes atomics and calls `mmap` and `sigaction`.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Addresses watched at once; one map each.
const SLOTS: usize = 64;

struct Slot {
    /// First address; 0 when the slot is free.
    first: AtomicUsize,
    /// Address behind the last; 0 while the slot is being filled.
    end: AtomicUsize,
    lost: AtomicBool,
}

static TABLE: [Slot; SLOTS] =
    [const { Slot { first: AtomicUsize::new(0), end: AtomicUsize::new(0), lost: AtomicBool::new(false) } };
        SLOTS];

/// What SIGBUS did before; `None` when the handler could not be put in place.
static BEFORE: OnceLock<Option<Former>> = OnceLock::new();

struct Former(libc::sigaction);

// SAFETY: a plain description of a handler, only read after it was written once.
unsafe impl Send for Former {}
// SAFETY: as above.
unsafe impl Sync for Former {}

/// Watches the addresses of one map for as long as it lives.
#[derive(Debug)]
pub(super) struct Watch(usize);

impl Watch {
    /// Watches these bytes.
    pub(super) fn over(bytes: &[u8]) -> io::Result<Self> {
        if BEFORE.get_or_init(install).is_none() {
            return Err(io::Error::other("the system lets no handler watch over mapped files"));
        }
        let first = bytes.as_ptr().addr();
        for (index, slot) in TABLE.iter().enumerate() {
            if slot.first.compare_exchange(0, first, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                slot.lost.store(false, Ordering::Relaxed);
                slot.end.store(first + bytes.len(), Ordering::Release);
                return Ok(Self(index));
            }
        }
        Err(io::Error::other("too many files are being read at once"))
    }

    /// Whether a page was missing.
    pub(super) fn has_lost_pages(&self) -> bool {
        TABLE.get(self.0).is_some_and(|slot| slot.lost.load(Ordering::Acquire))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(slot) = TABLE.get(self.0) {
            slot.end.store(0, Ordering::Release);
            slot.first.store(0, Ordering::Release);
        }
    }
}

fn install() -> Option<Former> {
    let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = on_bus_error;
    // SAFETY: all-zero is a valid `sigaction`; the calls fill and read the structures they are given.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigemptyset(&raw mut action.sa_mask);
        let mut former: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(libc::SIGBUS, &raw const action, &raw mut former) == 0).then_some(Former(former))
    }
}

extern "C" fn on_bus_error(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the system passes a valid `siginfo_t`; one from a fault has an address.
    let (address, fault) = unsafe { ((*info).si_addr().addr(), (*info).si_code > 0) };
    let inside = |slot: &&Slot| {
        let (first, end) = (slot.first.load(Ordering::Acquire), slot.end.load(Ordering::Acquire));
        // A slot that changed hands in between has another beginning.
        first != 0 && (first..end).contains(&address) && slot.first.load(Ordering::Acquire) == first
    };
    if let Some(slot) = TABLE.iter().find(inside).filter(|_| fault) {
        slot.lost.store(true, Ordering::Release);
        if put_empty_page(address) {
            return;
        }
    }
    // Not ours: whoever was there before gets it, as the read that failed is repeated.
    if let Some(Some(former)) = BEFORE.get() {
        // SAFETY: puts back what `install` was given.
        unsafe { libc::sigaction(libc::SIGBUS, &raw const former.0, std::ptr::null_mut()) };
    } else {
        // SAFETY: the default ends the program.
        unsafe { libc::signal(libc::SIGBUS, libc::SIG_DFL) };
    }
    if !fault {
        // Somebody sent it, and no read will be repeated: it is sent on, and arrives when this returns.
        // SAFETY: sends a signal to this thread.
        unsafe { libc::raise(libc::SIGBUS) };
    }
}

/// Replaces the page that holds an address by an empty one.
fn put_empty_page(address: usize) -> bool {
    // SAFETY: asks the system for a number.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096).max(1);
    let start = address - address % page;
    // SAFETY: the page belongs to a map that is watched and therefore alive, and nobody could read it.
    let placed = unsafe {
        libc::mmap(
            std::ptr::without_provenance_mut(start),
            page,
            libc::PROT_READ,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
            -1,
            0,
        )
    };
    placed != libc::MAP_FAILED
}
