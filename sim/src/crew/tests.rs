//! Tests of crews.

use super::*;
use crate::scenario::Bundle;
use std::sync::Arc;

/// A crew whose workers die of one seed, or are killed from outside once.
struct Frail {
    hired: Mutex<u32>,
    death: Death,
}

struct FrailHand(Death, bool);

impl Crew for Frail {
    fn hire(&self) -> io::Result<Box<dyn Hand + '_>> {
        let mut hired = self.hired.lock().unwrap();
        *hired += 1;
        Ok(Box::new(FrailHand(self.death, *hired == 1)))
    }
}

impl Hand for FrailHand {
    fn carry_out(&mut self, errand: &Errand) -> Result<Answer, Death> {
        let Errand::Run { seed, .. } = errand else { panic!("runs only") };
        if *seed == 3 && (self.1 || !self.0.is_from_outside()) {
            return Err(self.0);
        }
        Ok(Answer::Refused { error: format!("seed {seed}") })
    }
}

fn errand(seed: u64) -> Errand {
    Errand::Run { bundle: Arc::new(Bundle::default()), seed, profile: false }
}

/// Counts to a number; keeps what comes, until told to stop.
struct Counter {
    next: u64,
    end: u64,
    stop: u64,
    seen: Vec<(u64, u64)>,
}

impl Desk<u64, u64> for Counter {
    fn next(&mut self) -> Option<u64> {
        (self.next < self.end).then(|| {
            self.next += 1;
            self.next
        })
    }

    fn take(&mut self, result: u64) -> ControlFlow<()> {
        // What has been given out by now is part of what must not depend on the number of workers.
        self.seen.push((result, self.next));
        if result == self.stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn results_and_what_was_given_out_before_each_are_the_same_however_many_work() {
    let crew = Frail { hired: Mutex::new(0), death: Death::Signal(6) };
    let run = |jobs, stop| {
        let mut counter = Counter { next: 0, end: 1000, stop, seen: Vec::new() };
        let carry = |_: &mut Post<'_>, item: u64| {
            // Later ones overtake earlier ones.
            std::thread::sleep(std::time::Duration::from_micros(item % 7 * 30));
            item
        };
        work(&crew, jobs, &mut counter, &carry);
        counter.seen
    };
    let one = run(1, u64::MAX);
    assert_eq!(one.iter().map(|(result, _)| *result).collect::<Vec<_>>(), (1..=1000).collect::<Vec<_>>());
    assert!(one.iter().all(|(result, given)| *given <= result + WINDOW as u64), "memory is bounded");
    assert_eq!(run(7, u64::MAX), one);
    assert_eq!(run(3, 400).len(), 400);
    assert_eq!(run(500, 1000), one);
}

#[test]
fn a_worker_that_dies_is_an_answer_and_is_replaced() {
    let crew = Frail { hired: Mutex::new(0), death: Death::Signal(6) };
    let mut post = Post::new(&crew);
    for seed in 1..=5 {
        let answer = post.carry_out(&errand(seed)).unwrap();
        assert_eq!(matches!(answer, Answer::Died(_)), seed == 3, "{answer:?}");
    }
    assert_eq!(*crew.hired.lock().unwrap(), 2);
}

#[test]
fn a_worker_that_somebody_has_killed_did_not_die_of_its_errand() {
    let crew = Frail { hired: Mutex::new(0), death: Death::Signal(9) };
    let mut post = Post::new(&crew);
    assert!(matches!(post.carry_out(&errand(3)).unwrap(), Answer::Refused { .. }));
    assert_eq!(*crew.hired.lock().unwrap(), 2);
}
