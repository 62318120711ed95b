//! Workers for many runs: each is a process of its own, so that a run which overflows its stack, aborts or is killed is
//! a result like others and ends nothing else. Results come in the order of the errands, however many work at them.

mod answer;
mod process;
mod serve;

pub use answer::{Answer, Died, Errand, Ran, Shrunken, ran_into};
pub use process::{Death, Processes};
pub use serve::{carry_out, serve};

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use thiserror::Error;

/// How many errands are given out ahead of the oldest result that is still awaited: bounds what is kept in memory. It
/// does not depend on the number of workers, so that what an errand may know of earlier results does not either.
pub const WINDOW: usize = 128;

/// Where workers come from.
pub trait Crew: Sync {
    /// Gets a fresh worker.
    ///
    /// # Errors
    /// If none can be had.
    fn hire(&self) -> io::Result<Box<dyn Hand + '_>>;
}

/// A worker.
pub trait Hand {
    /// Carries out an errand.
    ///
    /// # Errors
    /// If the worker dies of it, or has been killed meanwhile; it is of no more use then.
    fn carry_out(&mut self, errand: &Errand) -> Result<Answer, Death>;
}

/// No worker could be had.
#[derive(Debug, Error)]
#[error("a worker process cannot be started: {0}")]
pub struct NoHands(#[from] pub io::Error);

/// Where one worker after another stands: a dead one is replaced.
pub struct Post<'c> {
    crew: &'c dyn Crew,
    hand: Option<Box<dyn Hand + 'c>>,
}

impl<'c> Post<'c> {
    /// A post without a worker yet.
    pub fn new(crew: &'c dyn Crew) -> Self {
        Self { crew, hand: None }
    }

    /// Carries out an errand. If the worker dies, that is the answer; unless somebody else has killed it, once.
    ///
    /// # Errors
    /// If no worker can be had.
    pub fn carry_out(&mut self, errand: &Errand) -> Result<Answer, NoHands> {
        match self.once(errand)? {
            Answer::Died(Died { death }) if death.is_from_outside() => self.once(errand),
            answer => Ok(answer),
        }
    }

    fn once(&mut self, errand: &Errand) -> Result<Answer, NoHands> {
        let hand = match &mut self.hand {
            Some(hand) => hand,
            none => none.insert(self.crew.hire()?),
        };
        hand.carry_out(errand).or_else(|death| {
            self.hand = None;
            Ok(Answer::Died(Died { death }))
        })
    }

    /// Lets the worker go: the next errand gets a fresh one, which shares no memory with it.
    pub fn relieve(&mut self) {
        self.hand = None;
    }
}

/// Does work with as many hands as `jobs`. `source` is asked for the next item and `sink` given each result on this
/// thread: results in the order of the items, and the item after the k-th result and [`WINDOW`] others right after that
/// result has been given. So what `source` and `sink` do together does not depend on `jobs`.
///
/// Ends when `source` has nothing more, or when `sink` breaks: then what is under way is thrown away.
pub fn work<T: Send, R: Send>(
    crew: &dyn Crew,
    jobs: usize,
    desk: &mut dyn Desk<T, R>,
    carry: &(dyn Fn(&mut Post<'_>, T) -> R + Sync),
) {
    let queue = Queue::default();
    let (report, results) = channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, WINDOW) {
            let (queue, report) = (&queue, report.clone());
            scope.spawn(move || {
                let mut post = Post::new(crew);
                while let Some((index, item)) = queue.next() {
                    if report.send((index, carry(&mut post, item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(report);
        manage(&queue, results, desk);
        queue.close();
    });
}

/// Who gives out errands and takes results.
pub trait Desk<T, R> {
    /// The next item, if there is one.
    fn next(&mut self) -> Option<T>;
    /// Takes the result of the oldest item whose result has not been taken.
    fn take(&mut self, result: R) -> ControlFlow<()>;
}

fn manage<T, R>(queue: &Queue<T>, results: Receiver<(u64, R)>, desk: &mut dyn Desk<T, R>) {
    let (mut given, mut taken, mut early) = (0_u64, 0_u64, BTreeMap::new());
    let give = |desk: &mut dyn Desk<T, R>, given: &mut u64| {
        if let Some(item) = desk.next() {
            queue.push((*given, item));
            *given += 1;
        }
    };
    for _ in 0..WINDOW {
        give(desk, &mut given);
    }
    while taken < given {
        let Ok((index, result)) = results.recv() else { return };
        early.insert(index, result);
        while let Some(result) = early.remove(&taken) {
            taken += 1;
            if desk.take(result).is_break() {
                return;
            }
            give(desk, &mut given);
        }
    }
}

/// Items that wait for a worker.
struct Queue<T> {
    state: Mutex<(VecDeque<(u64, T)>, bool)>,
    changed: Condvar,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { state: Mutex::new((VecDeque::new(), false)), changed: Condvar::new() }
    }
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, (VecDeque<(u64, T)>, bool)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, item: (u64, T)) {
        self.lock().0.push_back(item);
        self.changed.notify_one();
    }

    /// Waits for an item; none once the queue is closed.
    fn next(&self) -> Option<(u64, T)> {
        let mut state = self.lock();
        loop {
            if state.1 {
                return None;
            }
            if let Some(item) = state.0.pop_front() {
                return Some(item);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Sends everybody home; what still waits is forgotten.
    fn close(&self) {
        self.lock().1 = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests;
