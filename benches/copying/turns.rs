//! Processes that take turns: one runs for a moment while the others are stopped, so that all of them meet the same
//! machine, however its speed drifts.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long one of them runs before the next one does: some hundred parts.
const TURN: Duration = Duration::from_millis(25);

/// What a process printed, and how long it was let run.
pub struct Ran {
    pub out: String,
    pub wall: Duration,
}

struct Runner {
    child: Child,
    ended: bool,
    wall: Duration,
}

impl Runner {
    fn signal(&self, signal: libc::c_int) {
        // SAFETY: the call has no memory to get wrong; the child was not waited for, so the id is its own.
        let failed = unsafe { libc::kill(self.child.id() as libc::pid_t, signal) };
        assert_eq!(failed, 0, "a child of this process can be stopped and continued");
    }

    /// Runs for a turn, or to the end if that is sooner.
    fn turn(&mut self) {
        let begun = Instant::now();
        self.signal(libc::SIGCONT);
        while begun.elapsed() < TURN {
            std::thread::sleep(TURN / 5);
            if self.child.try_wait().unwrap().is_some() {
                self.ended = true;
                break;
            }
        }
        if !self.ended {
            self.signal(libc::SIGSTOP);
        }
        self.wall += begun.elapsed();
    }
}

/// Runs all to their end, a turn each, in this order.
pub fn run(commands: Vec<Command>) -> Vec<Ran> {
    let mut all: Vec<Runner> = commands
        .into_iter()
        .map(|mut command| {
            let child = command.stdout(Stdio::piped()).spawn().unwrap();
            let runner = Runner { child, ended: false, wall: Duration::ZERO };
            runner.signal(libc::SIGSTOP);
            runner
        })
        .collect();
    while all.iter().any(|runner| !runner.ended) {
        all.iter_mut().filter(|runner| !runner.ended).for_each(Runner::turn);
    }
    all.into_iter()
        .map(|mut runner| {
            let mut out = String::new();
            runner.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
            Ran { out, wall: runner.wall }
        })
        .collect()
}
